//! Sends an invocation and gives back what came: once, unless it is certain that nothing ran.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::answer::Head;
use super::{Answer, Invocation, InvocationType};
use crate::acs::{Ambient, Credentials, Endpoint, Incoming, Transport, TransportError};

/// How often a request may be sent again.
const RETRIES: usize = 3;
/// The longest wait that the service can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{transport}")]
pub struct CallError {
    /// What went wrong in the last attempt.
    pub transport: TransportError,
    /// Whether any attempt reached the other side, as far as that is known.
    pub reached: bool,
    /// An attempt before the last broke off after it had gone out.
    pub in_doubt: bool,
}

/// The request is about to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Which attempt comes next, from 2.
    pub attempt: u32,
    /// How long it waits.
    pub wait: Duration,
    /// What happened to the attempt before.
    pub why: String,
}

/// Sends the invocation, signing each attempt anew.
///
/// It is sent again only when the function cannot have run (the connection was refused, the
/// service throttled it or had no room), or when its id makes a second copy harmless.
///
/// # Errors
/// No answer came.
pub async fn invoke(
    transport: &Transport,
    endpoint: &Endpoint,
    credentials: &Credentials,
    invocation: &Invocation,
    ambient: Ambient,
    mut on_retry: impl FnMut(&Retry),
) -> Result<Answer, CallError> {
    let mut waits = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(2))
        .with_max_times(RETRIES)
        .with_jitter()
        .build();
    let mut attempts = 0;
    let mut in_doubt = false;
    let mut reached = false;
    loop {
        attempts += 1;
        let request = invocation.signed(endpoint, credentials, (ambient.now)(), &(ambient.nonce)());
        let sent = transport.send(request).await;
        let (why, asked_wait) = match &sent {
            Ok(incoming) if is_not_run(incoming) => (
                format!("status {}", incoming.status),
                incoming.headers.asked_wait(),
            ),
            Ok(_) => ("".to_owned(), None),
            Err(error @ TransportError::Refused { .. }) => (error.to_string(), None),
            Err(error @ TransportError::Interrupted { .. }) if has_id(invocation) => {
                in_doubt = true;
                (error.to_string(), None)
            }
            Err(_) => ("".to_owned(), None),
        };
        let next_wait = if why.is_empty() { None } else { waits.next() };
        let Some(wait) = next_wait else {
            let incoming = sent.map_err(|transport| CallError {
                reached: reached || transport.may_have_arrived(),
                in_doubt: in_doubt && !matches!(transport, TransportError::Interrupted { .. }),
                transport,
            })?;
            let accepted_before = in_doubt && incoming.status == 409;
            return Ok(Answer {
                incoming,
                attempts,
                accepted_before,
                in_doubt,
            });
        };
        reached |= !matches!(sent, Err(TransportError::Refused { .. }));
        let wait = asked_wait.unwrap_or(wait).min(LONGEST_WAIT);
        on_retry(&Retry {
            attempt: attempts + 1,
            wait,
            why,
        });
        tokio::time::sleep(wait).await;
    }
}

/// An asynchronous call with an id: the service refuses the id's second use.
fn has_id(invocation: &Invocation) -> bool {
    invocation.invocation_type == InvocationType::Async && invocation.async_id.is_some()
}

/// Throttled, or no room: the service says so before it starts the function.
fn is_not_run(incoming: &Incoming) -> bool {
    matches!(incoming.status, 429 | 503) && Head(&incoming.headers).error_type().is_none()
}
