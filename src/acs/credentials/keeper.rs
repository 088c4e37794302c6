//! Keeps the credentials that were found and fetches them anew before they run out, from the
//! source that won.

use jiff::{SignedDuration, Timestamp};

use super::{Choice, Credentials, CredentialsError, Found, Source, World, find};

/// The longest time before the end at which credentials are fetched anew, as the official
/// libraries have it for the metadata service and a credentials URI.
const MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// Who signs, from the first request to the last.
#[derive(Debug, Default)]
pub struct Keeper {
    choice: Choice,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    credentials: Credentials,
    source: Option<Source>,
    due: Option<Timestamp>,
}

impl Kept {
    fn new(credentials: Credentials, source: Option<Source>, now: Timestamp) -> Self {
        let due = credentials.expires_at.map(|end| due(end, now));
        Self {
            credentials,
            source,
            due,
        }
    }
}

/// When credentials are fetched anew: 15 minutes before their end, or after three quarters of
/// what was left of them, if that is later.
fn due(end: Timestamp, now: Timestamp) -> Timestamp {
    let quarter = end.duration_since(now) / 4;
    let margin = quarter.clamp(SignedDuration::ZERO, MARGIN);
    end.checked_sub(margin).unwrap_or(end)
}

impl Keeper {
    /// Nothing is looked for until somebody asks.
    pub fn new(choice: Choice) -> Self {
        Self { choice, kept: None }
    }

    /// What the user named.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// The credentials, fresh. Where fetching them anew fails, the old ones serve to their end.
    ///
    /// # Errors
    /// No source has any, one that exists is broken, or they cannot be fetched.
    pub async fn credentials(
        &mut self,
        world: &World<'_>,
    ) -> Result<&Credentials, CredentialsError> {
        let now = world.now();
        let kept = match self.kept.take() {
            Some(kept) if kept.due.is_none_or(|due| now < due) => kept,
            Some(kept) => match self.ask(world, kept.source).await {
                Ok((credentials, source)) => Kept::new(credentials, source, now),
                Err(error) if kept.credentials.expires_at.is_none_or(|end| now < end) => {
                    world.notice(format!("not renewed, and used to their end: {error}"));
                    kept
                }
                Err(error) => return Err(error),
            },
            None => {
                let (credentials, source) = find(world, &self.choice).await?;
                Kept::new(credentials, source, now)
            }
        };
        Ok(&self.kept.insert(kept).credentials)
    }

    /// Asks the source that won; whether another would win by now does not matter.
    async fn ask(
        &self,
        world: &World<'_>,
        source: Option<Source>,
    ) -> Result<(Credentials, Option<Source>), CredentialsError> {
        let Some(winner) = source else {
            return find(world, &self.choice).await;
        };
        match winner.ask(world).await? {
            Found::Credentials(credentials) => Ok((credentials, source)),
            Found::Nothing(why) => Err(CredentialsError::broken(
                winner.name(),
                format!("it gave credentials before and has none now: {why}"),
                "run the command again",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_a_quarter_of_what_is_left_and_15_minutes_at_most() {
        let now: Timestamp = "2026-01-15T08:00:00Z".parse().unwrap();
        for (end, wanted) in [
            ("2026-01-15T14:00:00Z", "2026-01-15T13:45:00Z"),
            ("2026-01-15T09:00:00Z", "2026-01-15T08:45:00Z"),
            ("2026-01-15T08:20:00Z", "2026-01-15T08:15:00Z"),
            ("2026-01-15T07:00:00Z", "2026-01-15T07:00:00Z"),
        ] {
            assert_eq!(due(end.parse().unwrap(), now).to_string(), wanted);
        }
    }
}
