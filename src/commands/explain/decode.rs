//! `--decode`: RAM is asked which policy decided. It is the one thing that `explain` sends.

use std::time::Duration;

use super::Halt;
use crate::acs::credentials::Keeper;
use crate::acs::ram::{self, Ram};
use crate::acs::rpc::{Client, RpcError};
use crate::commands::calling::Outside;
use crate::commands::{runtime, signal};
use crate::diagnosis::{self, Call, Decoded, Evidence, Failure};

/// How long RAM may take.
const LIMIT: Duration = Duration::from_secs(20);

/// RAM's word, or why there is none: the text is explained without it then.
type Answer = Result<Decoded, String>;

/// Asks RAM to decode what the text has.
pub(super) fn decode(evidence: &Evidence, outside: Outside<'_>) -> Result<Answer, Halt> {
    let Some(encoded) = evidence.encoded() else {
        return Ok(Err(
            "the text has no `EncodedDiagnosticMessage`, so RAM was not asked".to_owned(),
        ));
    };
    let runtime = runtime()?;
    let answer = runtime.block_on(async {
        tokio::select! {
            biased;
            exit = signal() => Err(Halt::Signal(exit)),
            answer = ask(encoded, outside) => Ok(answer?),
        }
    });
    // A credential process may still run.
    runtime.shutdown_background();
    answer
}

async fn ask(encoded: &str, outside: Outside<'_>) -> Result<Answer, Box<Failure>> {
    let transport = outside.transport()?;
    let overrides = outside.overrides()?;
    let world = outside.sources(&transport, &overrides);
    let mut keeper = Keeper::new(outside.choice());
    let credentials = keeper.credentials(&world).await;
    let credentials = credentials.map_err(|error| Box::new(Failure::from(error)))?;
    let ram = Ram(Client {
        transport: &transport,
        endpoint: overrides.ram(),
        version: ram::VERSION,
        credentials,
        ambient: outside.ambient,
    });
    let asked = ram.decode_diagnostic_message(encoded);
    let why = match tokio::time::timeout(LIMIT, asked).await {
        Err(_) => format!("it did not answer within {} s", LIMIT.as_secs()),
        Ok(Ok(answer)) => match Decoded::of(&answer) {
            Some(decoded) => return Ok(Ok(decoded)),
            None => "its answer holds no decision".to_owned(),
        },
        Ok(Err(RpcError::Refused { refusal, .. })) => {
            diagnosis::refused(&refusal, &Call::default()).title
        }
        Ok(Err(error)) => error.to_string(),
    };
    Ok(Err(format!(
        "RAM did not decode the message: {why}; an administrator can"
    )))
}
