//! System policies of Alibaba Cloud, as published.

/// Name and document.
const DOCUMENTS: [(&str, &str); 4] = [
    (
        "AdministratorAccess",
        include_str!("../../policies/system/AdministratorAccess.json"),
    ),
    (
        "AliyunFCFullAccess",
        include_str!("../../policies/system/AliyunFCFullAccess.json"),
    ),
    (
        "AliyunFCInvocationAccess",
        include_str!("../../policies/system/AliyunFCInvocationAccess.json"),
    ),
    (
        "AliyunFCReadOnlyAccess",
        include_str!("../../policies/system/AliyunFCReadOnlyAccess.json"),
    ),
];

/// The text of a system policy; `None` when it is not known here.
pub fn document(name: &str) -> Option<&'static str> {
    DOCUMENTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, document)| *document)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn every_embedded_policy_is_in_the_index_with_its_status() {
        let index: Vec<Value> =
            serde_json::from_str(include_str!("../../policies/system/index.json")).unwrap();
        let names: Vec<_> = index
            .iter()
            .filter_map(|entry| entry["name"].as_str())
            .collect();
        assert_eq!(names.len(), super::DOCUMENTS.len());
        for (name, text) in super::DOCUMENTS {
            assert!(names.contains(&name), "{name}");
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{name}");
        }
        assert!(index.iter().all(|entry| entry["status"].is_string()));
    }
}
