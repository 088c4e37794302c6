//! What people type who know Serverless Devs: `s PROJECT invoke`, and flags that sesame drops
//! on purpose.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::cli::{Cli, FormatArg, GlobalArgs};
use crate::diagnosis::{Failure, codes};

const INVOKE: &str = "invoke";

/// `sesame PROJECT invoke …` as `sesame invoke PROJECT …`. Only the first two words are looked
/// at: what stands in a value is nobody's command.
pub(super) fn reordered(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if let Some((project, command)) = project_first(&arguments) {
        // The command moves before its project; what stands between the two stays there.
        let word = arguments.remove(command);
        arguments.insert(project, word);
    }
    arguments
}

/// Where the project and the command stand.
fn project_first(arguments: &[OsString]) -> Option<(usize, usize)> {
    // Spares nearly every command line the rest.
    if !arguments.iter().skip(2).any(|one| one == INVOKE) {
        return None;
    }
    let cli = Cli::command();
    let (project, word) = first_word(&cli, arguments, 1)?;
    if cli.find_subcommand(word).is_some() {
        return None;
    }
    match first_word(&cli, arguments, project + 1)? {
        (command, INVOKE) => Some((project, command)),
        _ => None,
    }
}

/// The first argument that is neither a flag nor a flag's value.
fn first_word<'a>(
    cli: &clap::Command,
    arguments: &'a [OsString],
    from: usize,
) -> Option<(usize, &'a str)> {
    let mut index = from;
    loop {
        let word = arguments.get(index)?.to_str()?;
        match word.strip_prefix('-') {
            None | Some("") => return Some((index, word)),
            Some("-") => return None,
            Some(flag) => index += 1 + usize::from(takes_next(cli, flag)),
        }
    }
}

/// Whether the argument after the flag is its value.
fn takes_next(cli: &clap::Command, flag: &str) -> bool {
    let takes = |argument: &clap::Arg| {
        argument.get_action().takes_values() && !argument.is_require_equals_set()
    };
    // A flag of `invoke` may stand before its command, too.
    let invoke = cli.find_subcommand(INVOKE).into_iter();
    let flags = invoke.flat_map(clap::Command::get_arguments);
    let known: Vec<&clap::Arg> = cli.get_arguments().chain(flags).collect();
    if let Some(long) = flag.strip_prefix('-') {
        let is_named = |argument: &clap::Arg| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(long) || aliases.contains(&long)
        };
        return known
            .into_iter()
            .find(|one| is_named(one))
            .is_some_and(takes);
    }
    let mut letters = flag.chars();
    while let Some(letter) = letters.next() {
        let argument = known.iter().find(|one| one.get_short() == Some(letter));
        if argument.is_some_and(|argument| takes(argument)) {
            return letters.as_str().is_empty();
        }
    }
    false
}

/// The first flag that sesame drops on purpose, and what to use in its place.
pub(super) fn dropped(global: &GlobalArgs) -> Option<Failure> {
    let habit = &global.habit;
    let refuse = |flag: &str, why: &str, hint: &str| {
        let title = format!("sesame has no `{flag}`");
        let failure = Failure::new(codes::DROPPED, title).because(why);
        Some(failure.hint(hint))
    };
    if habit.domain_name.is_some() {
        return refuse(
            "--domain-name",
            "a custom domain is called as any web address is, and RAM decides nothing there",
            "call `https://DOMAIN/PATH` with `curl`, or the function itself with `--function-name`",
        );
    }
    if habit.env.is_some() || habit.overlays.is_some() {
        let flag = if habit.env.is_some() {
            "--env"
        } else {
            "--overlays"
        };
        return refuse(
            flag,
            "environments are put together by a component, and sesame runs none",
            "name the environment's own file with `--template`, or set what differs with `${env(NAME)}` and the variable `NAME`",
        );
    }
    if habit.baseline_template.is_some() {
        return refuse(
            "--baseline-template",
            "a project file names what it builds on itself",
            "write `extend: ./base.yaml` into the file that `--template` names",
        );
    }
    if habit.assets.is_some() {
        return refuse(
            "--assets",
            "a call deploys nothing",
            "leave it out; `s deploy` takes it",
        );
    }
    if global.output == FormatArg::Yaml {
        return refuse(
            "-o yaml",
            "its outputs are `text`, `json` and `raw`",
            "use `-o json`",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words: Vec<_> = reordered(words)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        words.join(" ")
    }

    #[test]
    fn a_project_before_its_command_goes_behind_it() {
        for (line, wanted) in [
            ("sesame hello invoke", "sesame invoke hello"),
            (
                "sesame hello invoke -e invoke",
                "sesame invoke hello -e invoke",
            ),
            (
                "sesame -t s.yaml hello -v invoke -e x",
                "sesame -t s.yaml invoke hello -v -e x",
            ),
            (
                "sesame hello -e invoke invoke",
                "sesame invoke hello -e invoke",
            ),
            ("sesame -va me hello invoke", "sesame -va me invoke hello"),
            (
                "sesame --output-format json hello invoke",
                "sesame --output-format json invoke hello",
            ),
            (
                "sesame --silent hello invoke",
                "sesame --silent invoke hello",
            ),
        ] {
            assert_eq!(after(line), wanted);
        }
    }

    #[test]
    fn every_other_line_stays_as_it_is() {
        for line in [
            "sesame",
            "sesame invoke",
            "sesame invoke invoke",
            "sesame invoke hello -e invoke",
            "sesame policy templates invoke",
            "sesame event oss invoke",
            "sesame cli fc invoke",
            "sesame hello -e invoke",
            "sesame -a hello invoke",
            "sesame -ahello invoke",
            "sesame -- hello invoke",
            "sesame hello there invoke",
        ] {
            assert_eq!(after(line), line);
        }
    }
}
