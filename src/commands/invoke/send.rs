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
use crate::project::Function;

/// How long a call may take, from connecting to the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// `--timeout`.
    Given(u32),
    /// The function's own and some more, since to start takes its time, too: 120 s, or 420 s
    /// for an image (devsapp/fc#480).
    OfFunction {
        seconds: u32,
        is_custom_container: bool,
    },
    /// Nobody knows the function's own.
    Default,
}

impl Limit {
    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Given(seconds) => seconds.into(),
            Self::OfFunction { seconds, .. } => u64::from(seconds) + self.more(),
            Self::Default => 600,
        })
    }

    fn more(self) -> u64 {
        match self {
            Self::OfFunction {
                is_custom_container: true,
                ..
            } => 420,
            Self::OfFunction { .. } => 120,
            _ => 0,
        }
    }
}

/// What goes out.
pub(super) struct Outgoing<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) credentials: &'a Credentials,
    pub(super) invocation: &'a Invocation,
    pub(super) limit: Limit,
}

impl Command<'_> {
    /// The time limit of the call.
    pub(super) fn limit(&self, function: Option<&Function<'_>>) -> Result<Limit, Stop> {
        if let Some(seconds) = self.args.call.timeout {
            return Ok(Limit::Given(seconds));
        }
        if let Some(seconds) = self.props.timeout {
            return Ok(Limit::OfFunction {
                seconds,
                is_custom_container: self.props.is_custom_container,
            });
        }
        let Some(function) = function else {
            return Ok(Limit::Default);
        };
        Ok(match function.timeout()? {
            Some(seconds) => Limit::OfFunction {
                seconds,
                is_custom_container: function.is_custom_container()?,
            },
            None => Limit::Default,
        })
    }

    pub(super) async fn send(
        &self,
        setting: &Setting,
        outgoing: Outgoing<'_>,
        catalogue: Option<&Catalogue>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Stop> {
        let Outgoing {
            endpoint,
            credentials,
            invocation,
            limit,
        } = outgoing;
        let Progress {
            printer, report, ..
        } = progress;
        let checked = report.preflight.as_ref();
        let principal = checked.and_then(|(preflight, _)| preflight.principal.clone());
        let principal = principal.or_else(|| setting.principal());
        if matches!(limit, Limit::OfFunction { .. }) {
            let line = format!("time limit: {} s", limit.duration().as_secs());
            printer.line(Verbosity::Verbose, &line);
        }
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
        match tokio::time::timeout(limit.duration(), exchange).await {
            Ok(ended) => ended,
            Err(_) => Err(out_of_time(limit).into()),
        }
    }
}

fn out_of_time(limit: Limit) -> Failure {
    let seconds = limit.duration().as_secs();
    let title = format!("no whole answer within {seconds} s");
    let failure = Failure::new(codes::TIMEOUT, title);
    let failure = match limit {
        Limit::OfFunction { seconds, .. } => failure.because(format!(
            "the function's own limit is {seconds} s, and {} s are for its start",
            limit.more()
        )),
        _ => failure,
    };
    failure
        .because("the function may run on: a call that was sent is not taken back")
        .hint("`--timeout` waits longer; for long work there is `--invocation-type async`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact_or_leaves_room_for_the_start() {
        let own = |seconds, is_custom_container| Limit::OfFunction {
            seconds,
            is_custom_container,
        };
        for (limit, seconds) in [
            (Limit::Given(8), 8),
            (Limit::Default, 600),
            (own(3, false), 123),
            (own(60, true), 480),
            (own(0, false), 120),
            (own(u32::MAX, true), u64::from(u32::MAX) + 420),
        ] {
            assert_eq!(limit.duration(), Duration::from_secs(seconds), "{limit:?}");
        }
    }
}
