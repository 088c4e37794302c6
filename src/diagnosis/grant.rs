//! The smallest policy that lifts a denial, whom it is attached to, and how: as commands and in
//! the console. Nothing of a text stands in a command unless it has the form of what it is.

use serde_json::Value;

use super::Reading;
use super::failure::{Failure, Hint, policy_name, shell_quoted};
use super::pasted::Shape;
use crate::acs::Principal;
use crate::ram::{Pair, synthesise};

/// The command that creates a policy from its text.
pub fn create_policy(name: &str, document: &str) -> String {
    format!(
        "aliyun ram CreatePolicy --PolicyName {} --PolicyDocument {}",
        shell_quoted(name),
        shell_quoted(document)
    )
}

/// How a caller who may not read its own policies is let read them, by this policy.
pub fn to_read(policy: Option<&Value>, principal: &Principal) -> Vec<Hint> {
    const NAME: &str = "sesame-read-own-policies";
    let Some(policy) = policy else {
        return Vec::new();
    };
    let create = create_policy(NAME, &policy.to_string());
    let mut hints = vec![Hint::command(
        "to let the caller read its own policies, and change nothing, an administrator creates this policy",
        create,
    )];
    let attach = Holder::of(principal).attach(NAME);
    hints.extend(attach.map(|attach| Hint::command("and attaches it", attach)));
    hints
}

/// A user or a role whose name is known.
struct Holder<'a> {
    role: bool,
    name: Option<&'a str>,
    /// The user's id, where no name is known.
    id: Option<&'a str>,
}

impl<'a> Holder<'a> {
    fn of(principal: &'a Principal) -> Self {
        let role = principal.kind.as_deref() == Some("AssumedRoleUser");
        let first = |text: &'a String| text.split(':').next().unwrap_or(text);
        let name = principal.name.as_ref().map(first);
        // A session's id begins with the role's name; a user's id is a number.
        let name = name.or_else(|| principal.id.as_ref().filter(|_| role).map(first));
        let digits = |id: &&str| id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit());
        let user = principal.kind.as_deref() == Some("SubUser");
        let id = principal.id.as_deref().filter(|_| user).filter(digits);
        Self {
            role,
            name: name.filter(|name| is_name(name)),
            id,
        }
    }

    /// The command that attaches a policy, where the name is known.
    fn attach(&self, policy: &str) -> Option<String> {
        let (operation, argument) = match self.role {
            true => ("AttachPolicyToRole", "--RoleName"),
            false => ("AttachPolicyToUser", "--UserName"),
        };
        Some(format!(
            "aliyun ram {operation} --PolicyType Custom --PolicyName {} {argument} {}",
            shell_quoted(policy),
            shell_quoted(self.name?)
        ))
    }

    fn kind(&self) -> &'static str {
        if self.role { "RAM role" } else { "RAM user" }
    }
}

/// Whether RAM would take it for the name of a user or a role.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(plain)
}

/// Adds the policy, whom to attach it to, and the commands that do it.
pub(super) fn suggest(failure: &mut Failure, policy: Value, name: &str) {
    let principal = failure.principal.clone().unwrap_or_default();
    let holder = Holder::of(&principal);
    let name = policy_name(name);
    failure.attach_to = Some(match holder.name {
        Some(known) => format!("{} `{known}`", holder.kind()),
        None => principal.describe(),
    });
    let create = create_policy(&name, &policy.to_string());
    let hints = &mut failure.hints;
    hints.push(Hint::command("an administrator creates the policy", create));
    hints.push(match (holder.attach(&name), holder.id) {
        (Some(attach), _) => Hint::command("and attaches it", attach),
        (None, Some(id)) => Hint::command(
            "and attaches it to the RAM user with `aliyun ram AttachPolicyToUser`; this shows the user's name",
            format!("aliyun ims GetUser --UserId {}", shell_quoted(id)),
        ),
        (None, None) => Hint::text("and attaches it to the RAM user or role that called"),
    });
    let place = if holder.role { "Roles" } else { "Users" };
    hints.push(Hint::text(format!(
        "or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > {place} > Grant Permission"
    )));
    hints.push(Hint::text(
        "a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it",
    ));
    failure.suggested_policy = Some(policy);
}

/// What is said where nothing but a text stands behind a policy.
pub(super) const TEXTS_OWN: &str =
    "action and resource are the text's own: make sure of both before anybody grants them";

/// Suggests the policy for what a text names, if it names one action on one resource.
pub(super) fn of_text(failure: &mut Failure, reading: &Reading, shape: Shape) {
    let pair = match exact(reading, shape) {
        Ok(pair) => pair,
        Err(why) => {
            failure
                .why
                .push(format!("sesame writes no policy from this text: {why}"));
            failure.hints.push(Hint::text(
                "`sesame policy generate --pairs` writes one for an action and a resource that you are sure of",
            ));
            return;
        }
    };
    let operation = pair.action.replace(':', "-");
    let tail = pair.resource.rsplit(':').next().unwrap_or_default();
    let name = format!("sesame-{operation}-{tail}");
    let Some(policy) = synthesise(&[pair]).into_iter().next() else {
        return;
    };
    failure.why.push(TEXTS_OWN.to_owned());
    suggest(failure, policy, &name);
}

/// The one pair that a text names whole.
fn exact(reading: &Reading, shape: Shape) -> Result<Pair, &'static str> {
    let (Some(action), Some(resource)) = (&reading.action, &reading.resource) else {
        return Err("it does not name an action and a resource, whole");
    };
    match shape {
        Shape::Whole => {}
        Shape::Bare => return Err("it has a denial's words, but not a platform's form"),
        Shape::Broken => return Err("the action or the resource is broken over lines"),
        Shape::OfFunction => return Err("it stands in a function's log or result"),
        Shape::Contradicted => return Err("RAM names another action or resource than it"),
    }
    if reading.other_action.is_some() {
        return Err("it names two actions");
    }
    // RAM is one for all regions: in its resources the field is always `*`. Only what reads is
    // taken for exact there: no text talks anybody into granting what grants.
    let reads = action.starts_with("ram:Get") || action.starts_with("ram:List");
    let of_ram = resource.strip_prefix("acs:ram:*:").filter(|_| reads);
    let open = |part: &str| part.contains(['*', '?']);
    if open(action) || open(of_ram.unwrap_or(resource)) {
        return Err("it has a wildcard, which could stand for more than the call needs");
    }
    let word = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !text.is_empty() && text.len() <= 128 && text.bytes().all(plain)
    };
    let mut fields = resource.splitn(5, ':');
    let mut next = || fields.next().unwrap_or_default();
    let (head, product, region, account, tail) = (next(), next(), next(), next(), next());
    let (service, operation) = action.split_once(':').unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./$@:+=,~#%".contains(&byte);
    let is_resource = head == "acs"
        && word(product)
        && (region.is_empty() || of_ram.is_some() || word(region))
        && crate::fc::target::check_account(account).is_ok()
        && !tail.is_empty()
        && tail.len() <= 1024
        && tail.bytes().all(plain);
    if !(word(service) && word(operation) && is_resource) {
        return Err("what it names is not one action on one resource of an account");
    }
    if service != product {
        return Err("the action and the resource are of different products");
    }
    Ok(Pair {
        action: action.clone(),
        resource: resource.clone(),
    })
}
