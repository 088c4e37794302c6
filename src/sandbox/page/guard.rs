//! Who may look: the sandbox's own addresses and the holder of the token, no page of another
//! site, whatever name that site makes the browser believe this machine has.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, Uri, header};

use crate::acs::Secret;
use crate::acs::encoding::hmac_sha256;

/// The header field that carries the token. A form cannot send it, and a script of another
/// site may not.
const TOKEN: &str = "x-sandbox-token";

/// Knows the listener's own names and the token.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Guard {
    hosts: Vec<String>,
    token: Secret,
}

/// Why a request is not the sandbox's own user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum Foreign {
    /// A name that some DNS server may have pointed here.
    #[error(
        "this address is none of the sandbox's own; open it as 127.0.0.1 or localhost, \
         with the port that it was started with"
    )]
    Host,
    /// A script, a frame or a link of another site.
    #[error(
        "the request comes from a page of another site; open the address itself in the browser"
    )]
    Site,
}

impl Guard {
    /// For a listener, with a token that its start told.
    pub(in crate::sandbox) fn new(listener: SocketAddr, token: Secret) -> Self {
        let port = listener.port();
        let mut names = vec![
            SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string(),
            SocketAddr::from((Ipv6Addr::LOCALHOST, port)).to_string(),
            format!("localhost:{port}"),
        ];
        if !listener.ip().is_unspecified() {
            names.insert(0, listener.to_string());
        }
        // The scheme's own port is left out on the wire.
        let bare = names.iter().filter_map(|name| name.strip_suffix(":80"));
        let bare: Vec<String> = bare.map(str::to_owned).collect();
        let hosts = bare.into_iter().chain(names).collect();
        Self { hosts, token }
    }

    /// The address to open. A fragment never leaves the browser, so the token is in no log.
    pub(in crate::sandbox) fn address(&self) -> String {
        let host = self.hosts.first().map_or("", String::as_str);
        format!("http://{host}/_sandbox/#token={}", self.token.expose())
    }

    /// Whether the request goes to one of the sandbox's own names, or to one of `also`, and
    /// comes from no page of another site. Anything but a browser passes with the right name.
    ///
    /// # Errors
    /// It does not, or it does.
    pub(in crate::sandbox) fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        also: &[&str],
    ) -> Result<(), Foreign> {
        let host = only(headers, header::HOST.as_str()).map_err(|_| Foreign::Host)?;
        let host = host.ok_or(Foreign::Host)?;
        let own = self.hosts.iter().map(String::as_str);
        let mut own = own.chain(also.iter().copied());
        if !own.any(|name| name.eq_ignore_ascii_case(host)) {
            return Err(Foreign::Host);
        }
        // A request line may name a host, too, and then it must be the same.
        if uri
            .authority()
            .is_some_and(|name| !name.as_str().eq_ignore_ascii_case(host))
        {
            return Err(Foreign::Host);
        }
        let origin = only(headers, header::ORIGIN.as_str()).map_err(|_| Foreign::Site)?;
        let same_origin = origin.is_none_or(|origin| {
            let said = origin.strip_prefix("http://");
            said.is_some_and(|said| said.eq_ignore_ascii_case(host))
        });
        let site = only(headers, "sec-fetch-site").map_err(|_| Foreign::Site)?;
        // `none`: typed, or opened from a bookmark or a terminal.
        let same_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
        // Browsers tell the site to trustworthy addresses only; a link tells where it stands.
        let referer = only(headers, header::REFERER.as_str()).map_err(|_| Foreign::Site)?;
        let same_referer = referer.is_none_or(|referer| {
            let said = referer.strip_prefix("http://");
            let said = said.and_then(|rest| rest.split(['/', '?', '#']).next());
            said.is_some_and(|said| said.eq_ignore_ascii_case(host))
        });
        if same_origin && same_site && same_referer {
            Ok(())
        } else {
            Err(Foreign::Site)
        }
    }

    /// Whether the request carries the token. How long it takes tells nothing about it.
    pub(super) fn knows(&self, headers: &HeaderMap) -> bool {
        use hmac::Mac;
        let Ok(Some(said)) = only(headers, TOKEN) else {
            return false;
        };
        let code = |token: &str| hmac_sha256(token, TOKEN).finalize();
        code(said) == code(self.token.expose())
    }
}

/// The value of a field that may be there once; an error for more, and for bytes that are no
/// text.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(listener: &str) -> Guard {
        Guard::new(listener.parse().unwrap(), Secret::new("canary"))
    }

    fn check(guard: &Guard, fields: &[(&'static str, &str)]) -> Result<(), Foreign> {
        guard.check(
            &Uri::from_static("/_sandbox/"),
            &headers(fields),
            &["web.local.fcapp.run"],
        )
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_its_own_names_are_answered() {
        let guard = guard("127.0.0.2:9797");
        for host in [
            "127.0.0.1:9797",
            "127.0.0.2:9797",
            "LocalHost:9797",
            "[::1]:9797",
            "web.local.fcapp.run",
        ] {
            assert_eq!(check(&guard, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:9798",
            "127.0.0.3:9797",
            "evil.example:9797",
            "127.0.0.1.evil.example:9797",
            "localhost:9797.evil.example",
            "127.0.0.1:9797@evil.example",
            "0.0.0.0:9797",
        ] {
            assert_eq!(
                check(&guard, &[("host", host)]),
                Err(Foreign::Host),
                "{host}"
            );
        }
        assert_eq!(check(&guard, &[]), Err(Foreign::Host));
        let twice = [("host", "127.0.0.1:9797"), ("host", "evil.example")];
        assert_eq!(check(&guard, &twice), Err(Foreign::Host));
    }

    #[test]
    fn the_request_line_may_not_name_another_host() {
        let guard = guard("127.0.0.1:9797");
        let headers = headers(&[("host", "127.0.0.1:9797")]);
        let of = |uri| guard.check(&Uri::from_static(uri), &headers, &[]);
        assert_eq!(of("http://127.0.0.1:9797/_sandbox/"), Ok(()));
        assert_eq!(of("http://evil.example:9797/_sandbox/"), Err(Foreign::Host));
    }

    #[test]
    fn the_default_port_and_every_interface_are_understood() {
        assert_eq!(
            check(&guard("127.0.0.1:80"), &[("host", "localhost")]),
            Ok(())
        );
        let every = guard("0.0.0.0:9797");
        assert_eq!(check(&every, &[("host", "localhost:9797")]), Ok(()));
        assert_eq!(
            check(&every, &[("host", "0.0.0.0:9797")]),
            Err(Foreign::Host)
        );
        assert!(every.address().starts_with("http://127.0.0.1:9797/"));
    }

    #[test]
    fn a_page_of_another_site_is_refused() {
        let guard = guard("127.0.0.1:9797");
        let with = |name, value| check(&guard, &[("host", "127.0.0.1:9797"), (name, value)]);
        for (name, value) in [
            ("origin", "http://127.0.0.1:9797"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(with(name, value), Ok(()), "{name}: {value}");
        }
        for (name, value) in [
            ("origin", "null"),
            ("origin", "http://evil.example"),
            ("origin", "https://127.0.0.1:9797"),
            // Another of its own names is another origin still.
            ("origin", "http://localhost:9797"),
            ("origin", "http://127.0.0.1:3000"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(with(name, value), Err(Foreign::Site), "{name}: {value}");
        }
    }

    #[test]
    fn the_token_is_needed_whole_and_once() {
        let guard = guard("127.0.0.1:9797");
        let knows = |fields: &[(&'static str, &str)]| guard.knows(&headers(fields));
        assert!(knows(&[(TOKEN, "canary")]));
        assert!(!knows(&[]));
        for wrong in ["", "canar", "canaryx", "CANARY"] {
            assert!(!knows(&[(TOKEN, wrong)]), "{wrong}");
        }
        assert!(!knows(&[(TOKEN, "canary"), (TOKEN, "x")]));
        assert!(!format!("{guard:?}").contains("canary"));
        assert_eq!(
            guard.address(),
            "http://127.0.0.1:9797/_sandbox/#token=canary"
        );
    }
}
