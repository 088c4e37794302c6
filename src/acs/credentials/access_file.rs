//! Serverless Devs' `~/.s/access.yaml`: aliases, with values as `s config add` hides them, or
//! plain ones.

use super::fields::Fields;
use super::serverless_devs::{ACCOUNT, KEY};
use super::{Credentials, CredentialsError, Found, World, crypto_js};
use crate::acs::Secret;
use crate::ram::Position;
use crate::yaml::{self, Faults, Kind, Node, Place, Source, YamlFault};

pub(super) const SOURCE: &str = "Serverless Devs access.yaml";

const FILES: [&str; 2] = [".s/access.yaml", ".s/access.yml"];
const WAY_OUT: &str = "let `s config add` write the alias anew";
/// Of another provider, an alias is nothing for Alibaba Cloud.
const PROVIDER: &str = "Alibaba Cloud";

/// The source of the chain: the alias that is marked as default, or the one of that name.
pub(super) fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    let (shown, aliases) = match open(world)? {
        Ok(opened) => opened,
        Err(why) => return Ok(Found::Nothing(why)),
    };
    let marked = aliases.iter().find(|(_, fields)| is_default(fields));
    let named = || aliases.iter().find(|(name, _)| name == "default");
    let Some((name, fields)) = marked.or_else(named) else {
        let why = format!("`{shown}` has no alias that is the default");
        return Ok(Found::Nothing(why));
    };
    match is_ours(fields)? {
        true => credentials(fields).map(Found::Credentials),
        false => Ok(Found::Nothing(format!(
            "`{shown}`: alias `{name}` is for another provider"
        ))),
    }
}

/// The alias that the user names.
pub(super) fn named(world: &World<'_>, name: &str) -> Result<Credentials, CredentialsError> {
    let unknown = |why: String, known| CredentialsError::Unknown {
        what: "alias",
        name: name.to_owned(),
        why: vec![why],
        known,
    };
    let (shown, aliases) = open(world)?.map_err(|why| unknown(why, Vec::new()))?;
    let Some((_, fields)) = aliases.iter().find(|(known, _)| known == name) else {
        let known = aliases.into_iter().map(|(name, _)| name).collect();
        return Err(unknown(format!("`{shown}` does not have it"), known));
    };
    match is_ours(fields)? {
        true => credentials(fields),
        false => Err(fields.broken_with(
            "`__provider` is another one than Alibaba Cloud",
            "choose another alias",
        )),
    }
}

fn credentials(fields: &Fields) -> Result<Credentials, CredentialsError> {
    let mut key = fields.required_key(&KEY)?;
    key.account_id = fields.account(ACCOUNT)?;
    Ok(key)
}

fn is_default(fields: &Fields) -> bool {
    matches!(fields.text("__default"), Ok(Some("true")))
}

fn is_ours(fields: &Fields) -> Result<bool, CredentialsError> {
    Ok(fields
        .text("__provider")?
        .is_none_or(|provider| provider == PROVIDER))
}

type Aliases = Vec<(String, Fields)>;

/// The file's aliases, or why there are none.
fn open(world: &World<'_>) -> Result<Result<(String, Aliases), String>, CredentialsError> {
    let Some(home) = world.home() else {
        return Ok(Err("there is no home folder".to_owned()));
    };
    let paths = FILES.map(|file| home.join(file));
    for path in &paths {
        if let Some(text) = world.read(SOURCE, path)? {
            let shown = world.shown(path);
            let aliases = parse(&text, &shown)?;
            return Ok(Ok((shown, aliases)));
        }
    }
    Ok(Err(format!("`{}` does not exist", world.shown(&paths[0]))))
}

/// In the order of their names.
fn parse(text: &str, shown: &str) -> Result<Aliases, CredentialsError> {
    let source = Source::new(shown, text);
    let root = match yaml::read(&source) {
        Ok(root) => root,
        Err((_, YamlFault::Empty)) => return Ok(Vec::new()),
        Err((place, _)) => return Err(unreadable(&place)),
    };
    let mut faults = Faults::new();
    let secret = |node: &Node, faults: &mut Faults| match &node.kind {
        Kind::Null => Some(None),
        _ => yaml::text(node, faults).map(|text| Some(Secret::new(text))),
    };
    let read = yaml::entries(yaml::entries(secret))(&root, &mut faults);
    if let Some((place, _)) = faults.first() {
        return Err(unreadable(place));
    }
    let mut aliases = Vec::new();
    for (name, values) in read.unwrap_or_default() {
        let name = name.value;
        let place = format!("`{shown}`, alias `{name}`");
        let mut fields = Fields::new(format!("Serverless Devs alias `{name}`"), place, WAY_OUT);
        for (field, value) in values {
            let (field, Some(value)) = (field.value, value) else {
                continue;
            };
            match crypto_js::plain(&value) {
                Ok(Some(plain)) => fields.insert(field, plain),
                Ok(None) => fields.insert(field, value),
                // One alias that is broken is no fault of another.
                Err(crypto_js::Undecryptable) => fields.insert_broken(
                    field,
                    "looks encrypted by Serverless Devs and cannot be decrypted",
                ),
            };
        }
        aliases.push((name, fields));
    }
    aliases.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(aliases)
}

/// The place is said, and no more: the lines hold keys.
fn unreadable(place: &Place) -> CredentialsError {
    let Position { line, column } = place.position();
    let why = format!(
        "`{}`, line {line}, column {column}: it is not YAML with names and texts under each alias",
        place.path().display()
    );
    CredentialsError::broken(SOURCE, why, WAY_OUT)
}
