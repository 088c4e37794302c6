//! `ALIBABA_CLOUD_ACCESS_KEY_ID`, `…_ACCESS_KEY_SECRET` and `…_SECURITY_TOKEN`.

use super::{Attempt, Credentials, CredentialsError, Found};
use crate::acs::{Environment, Secret};

const SOURCE: &str = "environment";
const ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

pub(super) fn read(environment: &dyn Environment) -> Result<Found, CredentialsError> {
    let broken = |why: String, way_out| CredentialsError::Broken {
        source_name: SOURCE,
        why,
        way_out,
    };
    let whole = "set it again, as one word without spaces or line breaks";
    let both = "set both, or neither";
    let variable = |name: &str| -> Result<Option<String>, CredentialsError> {
        let value = environment
            .var(name)
            .map_err(|error| broken(error.to_string(), whole))?;
        match value {
            // A line break from a file or a CI secret would end up inside a header field.
            Some(value) if !value.bytes().all(|byte| byte.is_ascii_graphic()) => Err(broken(
                format!("`{name}` holds a space, a line break or a character outside ASCII"),
                whole,
            )),
            value => Ok(value),
        }
    };
    match (variable(ID)?, variable(SECRET)?) {
        (Some(id), Some(secret)) => Ok(Found::Credentials(Credentials {
            access_key_id: id,
            access_key_secret: Secret::new(secret),
            security_token: variable(TOKEN)?.map(Secret::new),
            account_id: None,
            source: SOURCE.to_owned(),
        })),
        (None, None) => Ok(Found::Nothing(Attempt {
            source: SOURCE,
            why: format!("`{ID}` and `{SECRET}` are not set"),
        })),
        (None, Some(_)) => Err(broken(format!("`{SECRET}` is set and `{ID}` is not"), both)),
        (Some(_), None) => Err(broken(format!("`{ID}` is set and `{SECRET}` is not"), both)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Credentials, CredentialsError, find};

    fn from(variables: &[(&str, &str)]) -> Result<Credentials, CredentialsError> {
        let environment: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        find(&environment)
    }

    #[test]
    fn a_pair_is_a_key_and_a_triple_a_temporary_one() {
        let pair = [super::ID, super::SECRET].map(|name| (name, "canary"));
        let key = from(&pair).unwrap();
        assert!(key.security_token.is_none());
        let token = from(&[pair[0], pair[1], (super::TOKEN, "canary")]).unwrap();
        assert_eq!(token.security_token.unwrap().expose(), "canary");
    }

    #[test]
    fn half_a_pair_is_broken_and_nothing_is_an_attempt() {
        assert!(matches!(
            from(&[(super::ID, "x")]),
            Err(CredentialsError::Broken { .. })
        ));
        assert!(matches!(
            from(&[(super::SECRET, "x")]),
            Err(CredentialsError::Broken { .. })
        ));
        assert!(matches!(
            from(&[(super::ID, ""), (super::SECRET, "")]),
            Err(CredentialsError::NotFound { .. })
        ));
    }

    #[test]
    fn a_line_break_is_named_without_the_value() {
        let error = from(&[(super::ID, "id"), (super::SECRET, "canary\n")]).unwrap_err();
        assert!(error.to_string().contains(super::SECRET));
        assert!(!error.to_string().contains("canary"));
    }
}
