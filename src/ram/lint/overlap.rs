//! Whether a pattern of a policy and a form of resource in a service's table have a resource
//! in common.
//!
//! In the pattern `*` and `?` are wildcards. In the form a name in braces is one part of a
//! path, everything else, `*` included, is itself.

/// One character of a form.
#[derive(Clone, Copy)]
enum Symbol {
    Char(char),
    /// One character of a named part.
    One,
    /// More of it.
    More,
}

/// Whether some resource is matched by the pattern and has the form. `dotted` says whether a
/// named part may hold a dot.
pub(super) fn meets(pattern: &str, form: &str, dotted: bool) -> bool {
    if pattern == "*" || form == "*" {
        return pattern == form || pattern == "*";
    }
    let pattern: Vec<char> = pattern.chars().map(|c| c.to_ascii_lowercase()).collect();
    let form = symbols(form);
    let named = |c: char| c != '/' && c != ':' && (dotted || c != '.');
    // row[j]: the rest of the pattern and the rest of the form from j on have a text in common.
    let mut row = vec![false; form.len() + 1];
    for at in (0..=pattern.len()).rev() {
        let mut next = vec![false; form.len() + 1];
        for j in (0..=form.len()).rev() {
            next[j] = match (pattern.get(at), form.get(j)) {
                (None, None) => true,
                (None, Some(Symbol::More)) | (Some('*'), Some(_)) => {
                    next[j + 1] || (at < pattern.len() && row[j])
                }
                (None, Some(_)) => false,
                (Some('*'), None) => row[j],
                (Some(_), None) => false,
                (Some(c), Some(Symbol::More)) => {
                    next[j + 1] || (row[j] && (*c == '?' || named(*c)))
                }
                (Some(c), Some(Symbol::One)) => row[j + 1] && (*c == '?' || named(*c)),
                (Some(c), Some(Symbol::Char(own))) => row[j + 1] && (*c == '?' || c == own),
            };
        }
        row = next;
    }
    row[0]
}

fn symbols(form: &str) -> Vec<Symbol> {
    let mut symbols = Vec::with_capacity(form.len());
    let mut rest = form;
    while let Some(c) = rest.chars().next() {
        if let Some(end) = rest.find('}').filter(|_| c == '{') {
            symbols.extend([Symbol::One, Symbol::More]);
            rest = rest.get(end + 1..).unwrap_or("");
        } else {
            symbols.push(Symbol::Char(c.to_ascii_lowercase()));
            rest = rest.get(c.len_utf8()..).unwrap_or("");
        }
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::meets;

    #[test]
    fn patterns_meet_forms() {
        const FUNCTION: &str = "acs:fc:{region}:{account}:functions/{functionName}";
        const QUALIFIED: &str = "acs:fc:{region}:{account}:functions/{functionName}/{qualifier}";
        const LIST: &str = "acs:fc:{region}:{account}:functions/*";
        for (pattern, form, expected) in [
            ("*", FUNCTION, true),
            ("*", "*", true),
            ("acs:fc:*:*:*", "*", false),
            ("acs:fc:*:*:*", FUNCTION, true),
            ("acs:fc:*:*:functions/hello", FUNCTION, true),
            ("acs:fc:*:*:functions/hello", QUALIFIED, false),
            ("acs:fc:*:*:functions/hello/*", QUALIFIED, true),
            ("acs:fc:*:*:functions/hello/*", FUNCTION, false),
            ("acs:fc:*:*:functions/*", QUALIFIED, true),
            ("acs:fc:*:*:functions/*", LIST, true),
            ("acs:fc:*:*:functions/hello", LIST, false),
            ("acs:fc:*:*:functions/?", LIST, true),
            ("acs:fc:cn-hangzhou:123:functions/h?llo", FUNCTION, true),
            ("acs:fc:cn-hangzhou:123:services/*", FUNCTION, false),
            ("acs:oss:*:*:*", FUNCTION, false),
            ("acs:fc:*:*:functions/", FUNCTION, false),
            ("ACS:FC:*:*:Functions/x", FUNCTION, true),
        ] {
            assert_eq!(meets(pattern, form, true), expected, "{pattern} ~ {form}");
        }
        assert!(meets(
            "acs:fc:*:*:services/a.b",
            "acs:fc:{r}:{a}:services/{s}",
            true
        ));
        assert!(!meets(
            "acs:fc:*:*:services/a.b",
            "acs:fc:{r}:{a}:services/{s}",
            false
        ));
        assert!(meets(
            "acs:fc:*:*:services/a*",
            "acs:fc:{r}:{a}:services/{s}",
            false
        ));
    }
}
