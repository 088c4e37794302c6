//! The one HTTP client, built when the first request needs it. It follows no redirect and
//! repeats nothing by itself: what comes back is what one request got.

use std::error::Error as StdError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{Endpoint, Headers, HttpRequest};

/// What `User-Agent` says, and what `acs:UserAgent` is to a policy.
pub const USER_AGENT: &str = concat!("sesame/", env!("CARGO_PKG_VERSION"));

/// How connections are made.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// Trust the system's certificates in place of the bundled ones.
    pub system_certs: bool,
    /// Trust the certificates of this PEM file only (`SSL_CERT_FILE`).
    pub cert_file: Option<String>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            system_certs: false,
            cert_file: None,
        }
    }
}

/// Why a request got no whole answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing listens there.
    #[error("`{host}` refused the connection")]
    Refused {
        /// Host and port.
        host: String,
    },
    /// The name has no address.
    #[error("the name `{host}` cannot be resolved")]
    Unresolved {
        /// Host and port.
        host: String,
    },
    /// No connection for another cause.
    #[error("cannot connect to `{host}`: {why}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The system's words.
        why: String,
    },
    /// No connection in time.
    #[error("`{host}` did not take the connection within {seconds} s")]
    ConnectTimeout {
        /// Host and port.
        host: String,
        /// The bound.
        seconds: u64,
    },
    /// The TLS handshake failed.
    #[error("no secure connection to `{host}`: {why}")]
    Tls {
        /// Host and port.
        host: String,
        /// What rustls says.
        why: String,
    },
    /// The connection broke after the request had gone out, or while the answer came in.
    #[error("the connection to `{host}` broke {when}")]
    Interrupted {
        /// Host and port.
        host: String,
        /// `before an answer came` or `before the answer was whole`.
        when: &'static str,
    },
    /// What answers does not speak HTTP.
    #[error("`{host}` does not answer in HTTP")]
    NotHttp {
        /// Host and port.
        host: String,
    },
    /// The certificates to trust cannot be read.
    #[error("the certificates in `{path}` cannot be used: {why}")]
    Certificates {
        /// The PEM file, or what stands for the system's store.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The request cannot be put together.
    #[error("the request to `{host}` cannot be built: {why}")]
    Unsendable {
        /// Host and port.
        host: String,
        /// What is wrong.
        why: String,
    },
}

impl TransportError {
    /// Whether the request may have reached the other side all the same.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Interrupted { .. } | Self::NotHttp { .. })
    }
}

/// Sends requests.
#[derive(Debug)]
pub struct Transport {
    options: TransportOptions,
    /// One for each of near (this machine, its metadata service) or far, plain or secure.
    clients: [OnceLock<reqwest::Client>; 4],
}

impl Transport {
    /// A transport; nothing is built until it sends.
    pub fn new(options: TransportOptions) -> Self {
        Self {
            options,
            clients: Default::default(),
        }
    }

    /// Sends one request, once.
    ///
    /// # Errors
    /// No answer came.
    pub async fn send(&self, request: HttpRequest) -> Result<Incoming, TransportError> {
        let host = request.endpoint.authority();
        let client = self.client(&request.endpoint)?;
        let unsendable = |why: &dyn std::fmt::Display| TransportError::Unsendable {
            host: host.clone(),
            why: why.to_string(),
        };
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| unsendable(&error))?;
        let url = reqwest::Url::parse(&request.url()).map_err(|error| unsendable(&error))?;
        // What is sent must be what was signed, to the letter.
        if url.path() != request.path || url.query().unwrap_or_default() != request.query {
            return Err(unsendable(&"its address changes when it is normalised"));
        }
        let mut builder = client.request(method, url);
        for (name, value) in request.headers.iter() {
            builder = builder.header(name, value);
        }
        let built = builder
            .body(request.body)
            .build()
            .map_err(|error| unsendable(&error))?;
        match client.execute(built).await {
            Ok(response) => Ok(Incoming::new(response, host)),
            Err(error) => Err(self.classify(&error, host)),
        }
    }

    fn client(&self, endpoint: &Endpoint) -> Result<&reqwest::Client, TransportError> {
        let direct = endpoint.is_loopback() || endpoint.is_metadata();
        let kind = usize::from(direct) * 2 + usize::from(endpoint.is_secure());
        let cell = &self.clients[kind];
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.options.connect_timeout)
            .tls_backend_preconfigured(self.tls(endpoint.is_secure())?);
        // A proxy of the environment is for the outside only.
        if direct {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| TransportError::Unsendable {
                host: endpoint.authority(),
                why: innermost(&error),
            })?;
        Ok(cell.get_or_init(|| client))
    }

    /// Reading certificates costs milliseconds, so a plain connection does without.
    fn tls(&self, secure: bool) -> Result<rustls::ClientConfig, TransportError> {
        let path = || {
            self.options
                .cert_file
                .clone()
                .unwrap_or_else(|| "the system's store".into())
        };
        let broken = |why: String| TransportError::Certificates { path: path(), why };
        let builder = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?;
        if secure && self.options.system_certs && self.options.cert_file.is_none() {
            use rustls_platform_verifier::BuilderVerifierExt;
            return Ok(builder
                .with_platform_verifier()
                .map_err(|error| broken(error.to_string()))?
                .with_no_client_auth());
        }
        let mut roots = rustls::RootCertStore::empty();
        match (&self.options.cert_file, secure) {
            (_, false) => {}
            (None, true) => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            (Some(file), true) => {
                let certificates = CertificateDer::pem_file_iter(file)
                    .map_err(|error| broken(error.to_string()))?;
                for certificate in certificates {
                    let certificate = certificate.map_err(|error| broken(error.to_string()))?;
                    roots
                        .add(certificate)
                        .map_err(|error| broken(error.to_string()))?;
                }
                if roots.is_empty() {
                    return Err(broken("it holds no certificate".to_owned()));
                }
            }
        }
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }

    fn classify(&self, error: &reqwest::Error, host: String) -> TransportError {
        let chain: Vec<&(dyn StdError + 'static)> = causes(error).collect();
        let io_kind = |wanted: std::io::ErrorKind| {
            chain.iter().any(|cause| {
                cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|io| io.kind() == wanted)
            })
        };
        let tls = chain.iter().find_map(|cause| tls_error(*cause));
        if let Some(why) = tls {
            return TransportError::Tls { host, why };
        }
        if error.is_connect() {
            if error.is_timeout() || io_kind(std::io::ErrorKind::TimedOut) {
                let seconds = self.options.connect_timeout.as_secs();
                return TransportError::ConnectTimeout { host, seconds };
            }
            if io_kind(std::io::ErrorKind::ConnectionRefused) {
                return TransportError::Refused { host };
            }
            if chain
                .iter()
                .any(|cause| cause.to_string().contains("dns error"))
            {
                return TransportError::Unresolved { host };
            }
            return TransportError::Unreachable {
                host,
                why: innermost(error),
            };
        }
        if error.is_builder() {
            return TransportError::Unsendable {
                host,
                why: innermost(error),
            };
        }
        let parse = |cause: &&(dyn StdError + 'static)| {
            let text = cause.to_string();
            text.contains("invalid HTTP") || text.contains("invalid header")
        };
        if chain.iter().any(parse) {
            return TransportError::NotHttp { host };
        }
        TransportError::Interrupted {
            host,
            when: "before an answer came",
        }
    }
}

/// What rustls says, through any number of I/O errors that wrap it: `source` of such an error
/// passes over the one that it holds.
fn tls_error(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.to_string());
    }
    let held = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    tls_error(held)
}

/// The error and what it came from, outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

/// The cause at the end of the chain, which says it in the fewest words.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// An answer whose body is still coming.
#[derive(Debug)]
pub struct Incoming {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, names in lower case.
    pub headers: Headers,
    host: String,
    response: reqwest::Response,
}

impl Incoming {
    fn new(response: reqwest::Response, host: String) -> Self {
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .collect();
        Self {
            status: response.status().as_u16(),
            headers,
            host,
            response,
        }
    }

    /// The next bytes of the body; `None` at its end.
    ///
    /// # Errors
    /// The connection broke before the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.response
            .chunk()
            .await
            .map_err(|_| TransportError::Interrupted {
                host: self.host.clone(),
                when: "before the answer was whole",
            })
    }

    /// The rest of the body, cut at `limit` bytes.
    ///
    /// # Errors
    /// The connection broke before the end.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            let room = limit.saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() >= limit {
                break;
            }
        }
        Ok(body.into())
    }
}
