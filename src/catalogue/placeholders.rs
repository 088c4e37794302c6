//! The placeholders that templates and the action table may hold, and how they are read.

/// A documented placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placeholder {
    /// Its name, without the angle brackets.
    pub name: &'static str,
    /// What stands for it.
    pub meaning: &'static str,
    /// What stands for it when nothing is given; none when it must be given.
    pub default: Option<&'static str>,
}

const fn must(name: &'static str, meaning: &'static str) -> Placeholder {
    Placeholder {
        name,
        meaning,
        default: None,
    }
}

/// A name that the service makes up at the call, and that no policy can know before.
const fn made_up(name: &'static str, meaning: &'static str) -> Placeholder {
    Placeholder {
        name,
        meaning,
        default: Some("*"),
    }
}

/// Every placeholder of the embedded files.
pub const PLACEHOLDERS: [Placeholder; 18] = [
    must("region", "the region"),
    must("account-id", "the main account's id"),
    must("serviceName", "the service of FC 2.0"),
    must("functionName", "the function"),
    must("qualifier", "the version or alias; see below"),
    must("triggerName", "the trigger"),
    must("aliasName", "the alias"),
    must("versionId", "the version of a service, function or layer"),
    must("layerName", "the layer"),
    must("arn", "the layer version's resource name"),
    must("domainName", "the custom domain"),
    must("vpcId", "the bound network"),
    must("roleName", "the RAM role that is passed or made"),
    must("policyName", "the RAM policy of that role"),
    must("projectName", "the project in Log Service"),
    must("logstoreName", "the logstore in that project"),
    made_up("invocationId", "the asynchronous call, in FC 2.0"),
    made_up("taskId", "the asynchronous call, in FC 3.0"),
];

/// The documented placeholder of a name.
pub fn find(name: &str) -> Option<&'static Placeholder> {
    PLACEHOLDERS
        .iter()
        .find(|placeholder| placeholder.name == name)
}

/// A piece of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Stands for itself.
    Literal(&'a str),
    /// A placeholder's name.
    Placeholder(&'a str),
}

/// A bracket without its partner, or something between them that is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The pieces of a resource, in order.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Malformed> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once('<') {
        let (name, after) = behind.split_once('>').ok_or(Malformed)?;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(letters) || literal.contains('>') {
            return Err(Malformed);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        pieces.push(Piece::Placeholder(name));
        rest = after;
    }
    if rest.contains('>') {
        return Err(Malformed);
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_falls_into_its_pieces() {
        use Piece::{Literal, Placeholder};
        assert_eq!(
            pieces("a:<b>.<c-d>/e").unwrap(),
            [
                Literal("a:"),
                Placeholder("b"),
                Literal("."),
                Placeholder("c-d"),
                Literal("/e")
            ]
        );
        assert_eq!(pieces("*").unwrap(), [Literal("*")]);
        assert!(pieces("").unwrap().is_empty());
        for bad in ["<", "a>b", "<>", "<a b>", "<a<b>>", "<a", "x<a>>"] {
            assert_eq!(pieces(bad), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn the_readme_lists_each_placeholder_once() {
        let readme = include_str!("../../policies/README.md");
        for placeholder in PLACEHOLDERS {
            let row = format!("| `<{}>` | {} |", placeholder.name, placeholder.meaning);
            assert_eq!(readme.matches(&row).count(), 1, "{row}");
        }
        assert_eq!(readme.matches("\n| `<").count(), PLACEHOLDERS.len());
    }
}
