//! Sends the call, within its time limit.

use std::time::Duration;

use super::answer::Received;
use super::setting::Setting;
use super::{Command, Progress, Stop};
use crate::acs::redact::Redactor;
use crate::acs::{Credentials, Endpoint};
use crate::catalogue::Catalogue;
use crate::diagnosis::{Call, Failure, IN_DOUBT, codes};
use crate::fc::{Invocation, client};
use crate::output::Verbosity;

/// The time limit where nobody gave one and the function's own is not known.
const DEFAULT_LIMIT: Duration = Duration::from_secs(600);

impl Command<'_> {
    pub(super) async fn send(
        &self,
        setting: &Setting,
        endpoint: &Endpoint,
        credentials: &Credentials,
        invocation: &Invocation,
        catalogue: Option<&Catalogue>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Stop> {
        let given = self.args.call.timeout;
        let limit = given.map_or(DEFAULT_LIMIT, |seconds| Duration::from_secs(seconds.into()));
        let Progress { printer, report } = progress;
        let checked = report.preflight.as_ref();
        let principal = checked.and_then(|(preflight, _)| preflight.principal.clone());
        let principal = principal.or_else(|| setting.principal());
        let mut request = report.request.as_mut();
        if let Some(request) = &mut request {
            // From here on a signal or the time limit may find it on its way.
            request.sent = true;
            request.attempts = 1;
        }
        let exchange = async {
            let on_retry = |retry: &client::Retry| {
                if let Some(request) = &mut request {
                    request.attempts = retry.attempt;
                }
                let wait = retry.wait.as_secs_f64();
                let line = format!("attempt {} in {wait:.1} s: {}", retry.attempt, retry.why);
                printer.line(Verbosity::Verbose, &line);
            };
            let transport = &setting.transport;
            let ambient = self.ambient;
            let sent = client::invoke(
                transport,
                endpoint,
                credentials,
                invocation,
                ambient,
                on_retry,
            );
            let answer = match sent.await {
                Ok(answer) => answer,
                Err(error) => {
                    if let Some(request) = request {
                        request.sent = error.reached;
                    }
                    return Err(match error.in_doubt {
                        true => Failure::from(error).because(IN_DOUBT).into(),
                        false => error.into(),
                    });
                }
            };
            let preflight = report.preflight.as_ref();
            let call = Call {
                target: Some(&invocation.target),
                principal: principal.as_ref(),
                preflight: preflight.map(|(preflight, _)| preflight),
                catalogue,
                in_doubt: answer.in_doubt,
            };
            let mut received = Received {
                redactor: Redactor::new(credentials),
                signer: credentials,
                printer,
                request,
                response: &mut report.response,
            };
            received.answer(answer, &call).await
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(ended) => ended,
            Err(_) => Err(out_of_time(limit).into()),
        }
    }
}

fn out_of_time(limit: Duration) -> Failure {
    Failure::new(
        codes::TIMEOUT,
        format!("no whole answer within {} s", limit.as_secs()),
    )
    .because("the function may run on: a call that was sent is not taken back")
    .hint("`--timeout` waits longer; for long work there is `--invocation-type async`")
}
