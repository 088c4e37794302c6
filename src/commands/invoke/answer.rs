//! What came back: the function's bytes to stdout as they arrive, everything else to stderr,
//! and a refusal to the diagnosis.

use std::io::IsTerminal;

use bytes::Bytes;

use super::{Stop, broken};
use crate::acs::redact::Redactor;
use crate::acs::{Credentials, Headers, Incoming, Refusal};
use crate::commands::calling::signed_by;
use crate::diagnosis::{self, Call, Failure};
use crate::fc::Answer;
use crate::fc::answer::Head;
use crate::output::invocation::{RequestReport, ResponseReport};
use crate::output::{Format, Printer, Verbosity, escape};

/// The largest refusal that is read.
const REFUSAL_LIMIT: usize = 1024 * 1024;
/// How much of a function's error is kept to be read.
const ERROR_LIMIT: usize = 64 * 1024;

/// Where an answer goes.
pub(super) struct Received<'a> {
    /// What of the answer must not be seen.
    pub(super) redactor: Redactor,
    /// Who signed the call.
    pub(super) signer: &'a Credentials,
    pub(super) printer: &'a mut Printer,
    pub(super) request: Option<&'a mut RequestReport>,
    pub(super) response: &'a mut Option<ResponseReport>,
}

impl Received<'_> {
    pub(super) async fn answer(&mut self, answer: Answer, call: &Call<'_>) -> Result<(), Stop> {
        let mut incoming = answer.incoming;
        let status = incoming.status;
        // What it is is decided on what came; what is shown of it is without secrets.
        let headers = incoming.headers.clone();
        let head = Head(&headers);
        self.begin(status, &self.redactor.headers(&headers));
        if answer.accepted_before {
            // The body is the service's word on the copy, not the function's.
            incoming.body(REFUSAL_LIMIT).await?;
            let text =
                "the service had taken this id already, from an attempt whose answer was lost";
            self.printer.warning(text);
            self.ids(head);
            self.printer.result_line(status);
            return Ok(());
        }
        if (200..300).contains(&status) && head.is_from_fc() {
            return self.result(status, head, &mut incoming).await;
        }
        let body = incoming.body(REFUSAL_LIMIT).await?;
        let shown = self.redactor.body(&body);
        self.keep(&shown);
        let failure = match status {
            200..300 => diagnosis::not_fc(status, head, &body),
            _ => self.refused(status, &headers, body, call),
        };
        let failure = signed_by(failure, self.signer);
        Err(failure.redacted(&self.redactor).into())
    }

    fn begin(&mut self, status: u16, headers: &Headers) {
        if let Some(request) = &mut self.request {
            request.id = Head(headers).request_id().map(str::to_owned);
        }
        *self.response = Some(ResponseReport {
            status,
            headers: headers.clone(),
            body: Vec::new(),
        });
        if self.printer.wants(Verbosity::Debug) {
            self.printer.line(Verbosity::Debug, &format!("< {status}"));
            for (name, value) in headers.iter() {
                let line = format!("< {name}: {}", escape::line(value));
                self.printer.line(Verbosity::Debug, &line);
            }
        }
    }

    fn refused(&mut self, status: u16, headers: &Headers, body: Bytes, call: &Call<'_>) -> Failure {
        if let Some(log) = Head(headers).log() {
            self.printer.log(&self.redactor.text(&log));
        }
        let refusal = Refusal {
            status,
            headers: headers.clone(),
            body,
        };
        let mut failure = diagnosis::refused(&refusal, call);
        let attempts = self.request.as_ref().map_or(1, |request| request.attempts);
        if attempts > 1 {
            failure = failure.because(format!("tried {attempts} times"));
        }
        failure
    }

    async fn result(
        &mut self,
        status: u16,
        head: Head<'_>,
        incoming: &mut Incoming,
    ) -> Result<(), Stop> {
        if let Some(log) = head.log() {
            self.printer.log(&self.redactor.text(&log));
        }
        if status == 202 {
            self.ids(head);
        }
        self.printer.result_line(status);
        let failed = head.error_type().is_some();
        let mut error = Vec::new();
        let mut last = None;
        while let Some(chunk) = incoming.chunk().await? {
            last = chunk.last().copied().or(last);
            if failed {
                let room = ERROR_LIMIT.saturating_sub(error.len());
                error.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            self.body(chunk).await?;
        }
        if failed {
            self.end_line(last);
            let failure = diagnosis::function_failed(head, &error);
            return Err(failure.redacted(&self.redactor).into());
        }
        Ok(())
    }

    /// The ids under which an asynchronous call can be found again.
    fn ids(&mut self, head: Head<'_>) {
        let ids = [
            ("request id", head.request_id()),
            ("async id", head.async_id()),
        ];
        for (name, id) in ids {
            if let Some(id) = id {
                let id = self.redactor.text(id);
                let line = format!("{name}: {}", escape::line(&id));
                self.printer.line(Verbosity::Normal, &line);
            }
        }
    }

    /// Hands the function's bytes on, or keeps them for the object.
    async fn body(&mut self, chunk: Bytes) -> Result<(), Stop> {
        if self.printer.format() == Format::Json {
            self.keep(&chunk);
            return Ok(());
        }
        let written = self.printer.stream(chunk).await;
        written.map_err(|error| broken(&error))
    }

    fn keep(&mut self, chunk: &[u8]) {
        if let Some(response) = self.response {
            response.body.extend_from_slice(chunk);
        }
    }

    /// On a terminal, what follows the function's bytes begins on a line of its own.
    fn end_line(&mut self, last: Option<u8>) {
        let mixed = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        if mixed && last.is_some_and(|last| last != b'\n') {
            self.printer.line(Verbosity::Quiet, "");
        }
    }
}
