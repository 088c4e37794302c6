//! `--decode`: RAM is asked which policy decided. It is the one thing that `explain` sends.

use std::time::Duration;

use super::Halt;
use crate::acs::rpc::RpcError;
use crate::acs::transport::{Transport, TransportOptions};
use crate::acs::{
    Ambient, Credentials, Endpoint, EndpointOverrides, Environment, credentials, diagnostic,
};
use crate::cli::GlobalArgs;
use crate::commands::signal;
use crate::diagnosis::{self, Call, Decoded, Evidence, Failure, codes};

/// How long RAM may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What it takes to ask.
pub(super) struct Asking<'a> {
    pub(super) global: &'a GlobalArgs,
    pub(super) ambient: Ambient,
    pub(super) environment: &'a dyn Environment,
}

/// RAM's word, or why there is none: the text is explained without it then.
type Answer = Result<Decoded, String>;

/// Asks RAM to decode what the text has.
pub(super) fn decode(evidence: &Evidence, asking: &Asking<'_>) -> Result<Answer, Halt> {
    let Some(encoded) = evidence.encoded() else {
        return Ok(Err(
            "the text has no `EncodedDiagnosticMessage`, so RAM was not asked".to_owned(),
        ));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Box::new(Failure::new(
                codes::UNKNOWN,
                format!("cannot start: {error}"),
            ))
        })?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            exit = signal() => Err(Halt::Signal(exit)),
            answer = ask(encoded, asking) => Ok(answer?),
        }
    })
}

async fn ask(encoded: &str, asking: &Asking<'_>) -> Result<Answer, Box<Failure>> {
    let found = signer(asking)?;
    let endpoint = endpoint(asking)?;
    let transport = Transport::new(TransportOptions {
        connect_timeout: Duration::from_secs(asking.global.connect_timeout.into()),
        system_certs: asking.global.system_certs,
        cert_file: variable(asking.environment, "SSL_CERT_FILE")?,
    });
    let asked = diagnostic::decode_diagnostic_message(
        &transport,
        &endpoint,
        encoded,
        &found,
        asking.ambient,
    );
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

/// Who signs the question.
fn signer(asking: &Asking<'_>) -> Result<Credentials, Box<Failure>> {
    if let Some(name) = &asking.global.access {
        let title = format!("`--access {name}` names an identity of the sandbox");
        let failure = Failure::new(codes::IDENTITY, title);
        return Err(Box::new(failure.hint(
            "set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`",
        )));
    }
    credentials::find(asking.environment).map_err(|error| Box::new(error.into()))
}

fn variable(environment: &dyn Environment, name: &str) -> Result<Option<String>, Box<Failure>> {
    environment.var(name).map_err(|error| {
        let failure = Failure::new(codes::ENVIRONMENT, error);
        Box::new(failure.hint("set it to text in UTF-8, or unset it"))
    })
}

/// Where RAM is. A flag, even the general one, beats a variable.
fn endpoint(asking: &Asking<'_>) -> Result<Endpoint, Box<Failure>> {
    let Asking {
        global,
        environment,
        ..
    } = asking;
    let flags = [
        ("--ram-endpoint", global.ram_endpoint.clone()),
        ("--endpoint", global.endpoint.clone()),
    ];
    let mut named = flags.into_iter().find(|(_, address)| address.is_some());
    for name in ["SESAME_RAM_ENDPOINT", "SESAME_ENDPOINT"] {
        if named.is_none() {
            named = variable(*environment, name)?.map(|address| (name, Some(address)));
        }
    }
    let Some((name, Some(address))) = named else {
        return Ok(EndpointOverrides::default().ram());
    };
    Endpoint::parse(&address, global.allow_http)
        .map_err(|error| Box::new(Failure::from(error).because(format!("given with `{name}`"))))
}
