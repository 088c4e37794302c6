//! The flags of `sesame event`, and of `sesame cli fc-event`, which is the same command.

use std::path::PathBuf;

use clap::Args;

pub(super) const HELP: &str = "\
Kinds: http, oss, sls, tablestore, mns, cdn, timer, eventbridge, api-gateway, kafka,
rocketmq, mqtt, rabbitmq, datahub; `sesame event` alone shows their types, and how sure
each template is and where it comes from

A PATH is keys with dots between them and indices in brackets; a key with `.`, `[`, `=`
or a quote in it stands in double quotes. A VALUE takes the type of what it replaces: a
string stays a string, even when it looks like a number; a list or an object is JSON.

Examples:
  sesame event oss --set 'events[0].oss.object.key=a.txt'
  sesame event cdn --type CdnDomainStopped --dir events
  sesame event http --set 'headers.\"Content-Type\"=text/html' --set 'queries={}'
  sesame event timer --stdout | sesame invoke --sandbox --function-name echo -f -";

/// Write an event to try a function with.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct EventTemplateArgs {
    /// The kind of trigger, like oss; without one all are listed
    #[arg(value_name = "KIND")]
    pub kind: Option<String>,

    /// The type, where the kind has several; without one it is the first
    #[arg(long = "type", value_name = "TYPE", requires = "kind")]
    pub form: Option<String>,

    /// Change one place of the event (repeatable; in the order given)
    #[arg(long = "set", value_name = "PATH=VALUE", requires = "kind")]
    pub set: Vec<String>,

    /// The folder to write to
    #[arg(
        long,
        value_name = "DIR",
        requires = "kind",
        default_value = "event-template"
    )]
    pub dir: PathBuf,

    /// Print the event and write no file
    #[arg(long, requires = "kind", conflicts_with_all = ["dir", "force"])]
    pub stdout: bool,

    /// Write over a file that has other content
    #[arg(long, requires = "kind")]
    pub force: bool,
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_help_names_every_kind() {
        let kinds = crate::event::kinds().join(", ");
        assert!(super::HELP.replace('\n', " ").contains(&kinds), "{kinds}");
    }
}
