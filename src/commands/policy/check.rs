//! `sesame policy check`: one question. Nothing is filled in from the client here: a key is
//! known only when it is given, absent, or the context is complete.

use super::{Ended, print};
use crate::cli::CheckArgs;
use crate::commands::input;
use crate::diagnosis::{self, Failure, codes};
use crate::output::{Format, Printer, json};
use crate::ram::{Policies, Request};

pub(super) fn run(args: &CheckArgs, printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    if !args.policies.any() {
        return Err(Box::new(
            Failure::new(codes::USAGE, "no policy is named")
                .hint("name one with `--policy-file`, or several by repeating it"),
        ));
    }
    let (action, resource) = (args.action.as_deref(), args.resource.as_deref());
    let (action, resource) = (action.unwrap_or_default(), resource.unwrap_or_default());
    input::question(action, resource).map_err(|why| {
        let failure = Failure::new(codes::QUESTION, why);
        Box::new(failure.hint(
            "a verdict is about one action on one resource: change `--action` or `--resource`",
        ))
    })?;
    let named = input::policies(&args.policies)?;
    for warning in &named.warnings {
        printer.warning(warning);
    }
    let context = input::context(&args.context)?;
    let policies = Policies::new(named.policies);
    let request = Request {
        action,
        resource,
        context: &context,
    };
    let explanation = policies.explain(&request);
    if printer.format() != Format::Json {
        print(&format!("{}\n", explanation.decision.as_str()), printer)?;
    }
    let failure = diagnosis::of_decision(&explanation, &request, &policies);
    if failure.is_none() {
        input::not_looked_at(&explanation.layers_not_seen, printer);
        for place in
            diagnosis::deciding_places(&explanation, request.action, request.resource, &policies)
        {
            printer.excerpt(&place);
        }
    }
    Ok(Ended {
        fields: Some(json::explanation(&explanation, &policies)),
        failure,
    })
}
