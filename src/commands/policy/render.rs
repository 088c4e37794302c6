//! A generated policy in the forms that tools take, each with that form's own quoting.

use serde_json::{Map, Value, json};

use crate::diagnosis::create_policy;
use crate::output::json as output;

/// The documents, one after the other.
pub(super) fn json(documents: &[Value]) -> String {
    documents
        .iter()
        .map(|document| format!("{}\n", output::pretty(document)))
        .collect()
}

/// `alicloud_ram_policy` resources. In a heredoc only `${` and `%{` mean something.
pub(super) fn terraform<'a>(named: impl Iterator<Item = (String, &'a Value)>) -> String {
    let resources = named.map(|(name, document)| {
        let begins = name.starts_with(|first: char| first.is_ascii_digit());
        let label = format!("{}{}", if begins { "_" } else { "" }, name.replace('-', "_"));
        let text = output::pretty(document).replace("${", "$${").replace("%{", "%%{");
        format!(
            "resource \"alicloud_ram_policy\" \"{label}\" {{\n  policy_name     = \"{name}\"\n  policy_document = <<EOF\n{text}\nEOF\n}}\n"
        )
    });
    resources.collect::<Vec<_>>().join("\n")
}

/// A ROS template with `ALIYUN::RAM::ManagedPolicy` resources.
pub(super) fn ros<'a>(named: impl Iterator<Item = (String, &'a Value)>) -> String {
    let resources: Map<String, Value> = named
        .map(|(name, document)| {
            let id: String = name.split('-').map(capitalised).collect();
            let properties = json!({"PolicyName": name, "PolicyDocument": document});
            (
                id,
                json!({"Type": "ALIYUN::RAM::ManagedPolicy", "Properties": properties}),
            )
        })
        .collect();
    let template = json!({"ROSTemplateFormatVersion": "2015-09-01", "Resources": resources});
    format!("{}\n", output::pretty(&template))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

/// `aliyun ram CreatePolicy` commands.
pub(super) fn aliyun_cli<'a>(named: impl Iterator<Item = (String, &'a Value)>) -> String {
    let commands = named
        .map(|(name, document)| format!("{}\n", create_policy(&name, &output::compact(document))));
    commands.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_quotes_what_it_would_act_on() {
        let document = json!({"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": "fc:Get'${x}", "Resource": "%{y}"}
        ]});
        let named = || [("sesame-a-b".to_owned(), &document)].into_iter();
        let terraform = terraform(named());
        assert!(terraform.contains("fc:Get'$${x}") && terraform.contains("%%{y}"));
        assert!(terraform.starts_with("resource \"alicloud_ram_policy\" \"sesame_a_b\" {"));
        let ros: Value = serde_json::from_str(&ros(named())).unwrap();
        assert_eq!(
            ros["Resources"]["SesameAB"]["Properties"]["PolicyDocument"],
            document
        );
        assert!(aliyun_cli(named()).contains(r"fc:Get'\''${x}"));
    }
}
