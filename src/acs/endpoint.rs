//! Where requests go: a scheme, a host and a port, and the rules that keep a signed request
//! from going anywhere else.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// Where every ECS instance finds what is known about it.
const METADATA_HOST: &str = "100.100.100.200";

/// A scheme, a host and a port; nothing behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    host: String,
    port: Option<u16>,
}

/// Why an address cannot be an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not an address with a scheme.
    #[error("`{0}` is not an address with a scheme, like `https://host:port`")]
    Malformed(String),
    /// A scheme that is neither `https` nor `http`.
    #[error("`{0}` is neither `https` nor `http`")]
    Scheme(String),
    /// A user name or password in the address.
    #[error("the address carries a user name or a password, which an endpoint does not take")]
    UserInfo,
    /// A path, a query or a fragment.
    #[error("`{0}` has something behind the host; an endpoint is a scheme, a host and a port")]
    Path(String),
    /// Plain http to a host that is not this machine.
    #[error("`{0}` is plain http to another machine, where anyone on the way could read the call")]
    PlainHttp(String),
}

impl Endpoint {
    /// Reads an address such as `http://127.0.0.1:9797`. Plain http goes to this machine only,
    /// unless `allow_http`.
    ///
    /// # Errors
    /// The address is no endpoint, or is plain http to another machine.
    pub fn parse(address: &str, allow_http: bool) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed(without_userinfo(address));
        if !address.contains("://") {
            return Err(malformed());
        }
        let url = Url::parse(address).map_err(|_| malformed())?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(EndpointError::Scheme(other.to_owned())),
        };
        let host = url.host_str().ok_or_else(malformed)?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Path(address.to_owned()));
        }
        let endpoint = Self {
            secure,
            host,
            port: url.port(),
        };
        if !secure && !allow_http && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp(endpoint.to_string()));
        }
        Ok(endpoint)
    }

    /// A host of Alibaba Cloud, over https.
    pub fn https(host: impl Into<String>) -> Self {
        Self {
            secure: true,
            host: host.into(),
            port: None,
        }
    }

    /// A port of this machine, over http.
    pub fn loopback(port: u16) -> Self {
        Self {
            secure: false,
            host: "127.0.0.1".to_owned(),
            port: Some(port),
        }
    }

    /// Whether the scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether the host is the metadata service of the instance that this runs on.
    pub fn is_metadata(&self) -> bool {
        self.host == METADATA_HOST
    }

    /// The metadata service of an ECS instance: a link-local address without TLS.
    pub fn metadata() -> Self {
        Self {
            secure: false,
            host: METADATA_HOST.to_owned(),
            port: None,
        }
    }

    /// The host, and the port unless it is the scheme's own: what `Host` carries.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority())
    }
}

/// Drops what stands before an `@`, so that an error never shows a password.
fn without_userinfo(address: &str) -> String {
    address.rsplit('@').next().unwrap_or_default().to_owned()
}

/// The endpoints that the user named in place of Alibaba Cloud's own.
#[derive(Debug, Clone, Default)]
pub struct EndpointOverrides {
    /// For every product.
    pub all: Option<Endpoint>,
    /// For Function Compute.
    pub fc: Option<Endpoint>,
    /// For STS.
    pub sts: Option<Endpoint>,
    /// For RAM and ResourceManager.
    pub ram: Option<Endpoint>,
}

impl EndpointOverrides {
    /// Function Compute's, when one was named.
    pub fn fc(&self) -> Option<&Endpoint> {
        self.fc.as_ref().or(self.all.as_ref())
    }

    /// RAM, which has no regions.
    pub fn ram(&self) -> Endpoint {
        self.identity("ram.aliyuncs.com")
    }

    /// ResourceManager, which has no regions, either.
    pub fn resource_manager(&self) -> Endpoint {
        self.identity("resourcemanager.aliyuncs.com")
    }

    fn identity(&self, own: &str) -> Endpoint {
        let named = self.ram.as_ref().or(self.all.as_ref()).cloned();
        named.unwrap_or_else(|| Endpoint::https(own))
    }

    /// Whether the user says where STS is.
    pub fn names_sts(&self) -> bool {
        self.sts.is_some() || self.all.is_some()
    }

    /// STS where no region is known.
    pub fn global_sts(&self) -> Endpoint {
        let named = self.sts.as_ref().or(self.all.as_ref()).cloned();
        named.unwrap_or_else(|| Endpoint::https("sts.aliyuncs.com"))
    }

    /// STS of a region.
    pub fn sts(&self, region: &str, vpc: bool) -> Endpoint {
        let product = if vpc { "sts-vpc" } else { "sts" };
        self.sts
            .as_ref()
            .or(self.all.as_ref())
            .cloned()
            .unwrap_or_else(|| Endpoint::https(format!("{product}.{region}.aliyuncs.com")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_scheme_host_and_port() {
        let shown = |address| Endpoint::parse(address, false).unwrap().to_string();
        assert_eq!(shown("http://127.0.0.1:9797/"), "http://127.0.0.1:9797");
        assert_eq!(shown("http://[::1]:80"), "http://[::1]");
        assert_eq!(
            shown("https://fc.example.com:443"),
            "https://fc.example.com"
        );
    }

    #[test]
    fn anything_else_is_refused_and_no_password_is_repeated() {
        let why = |address| Endpoint::parse(address, false).unwrap_err();
        assert!(matches!(why("127.0.0.1:9797"), EndpointError::Malformed(_)));
        assert!(matches!(why("ftp://h"), EndpointError::Scheme(_)));
        assert!(matches!(
            why("https://h/2016-08-15"),
            EndpointError::Path(_)
        ));
        assert!(matches!(
            why("http://10.0.0.1:1"),
            EndpointError::PlainHttp(_)
        ));
        assert_eq!(why("https://u:canary@h"), EndpointError::UserInfo);
        assert!(!why("u:canary@h").to_string().contains("canary"));
        assert!(Endpoint::parse("http://10.0.0.1:1", true).is_ok());
    }
}
