//! The regions that Function Compute is known to be in. A map is no proof: a region outside
//! it may be new, so it is only a reason to warn.

use crate::ram::closest;

/// From the endpoint maps of the official SDKs of both generations.
pub const KNOWN: [&str; 27] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-7",
    "cn-beijing",
    "cn-chengdu",
    "cn-hangzhou",
    "cn-hangzhou-finance",
    "cn-heyuan-acdr-1",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-north-2-gov-1",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shanghai-finance-1",
    "cn-shenzhen",
    "cn-wulanchabu",
    "cn-zhangjiakou",
    "eu-central-1",
    "eu-west-1",
    "me-central-1",
    "us-east-1",
    "us-west-1",
];

/// Whether the region is one of the known ones.
pub fn is_known(region: &str) -> bool {
    KNOWN.contains(&region)
}

/// Whether the text has a region's shape: it becomes part of a host name and of a resource.
pub fn is_well_formed(region: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = region.as_bytes();
    region.len() <= 63
        && edge(bytes.first().copied())
        && edge(bytes.last().copied())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// The known region that was most likely meant.
pub fn nearest(region: &str) -> Option<&'static str> {
    closest(region, &KNOWN).filter(|known| *known != region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(nearest("cn-hangzou"), Some("cn-hangzhou"));
        assert_eq!(nearest("cn-shangahi"), Some("cn-shanghai"));
        assert_eq!(nearest("mars-central-1"), None);
        assert_eq!(nearest("cn-hangzhou"), None);
    }

    #[test]
    fn what_could_bend_a_host_name_is_not_a_region() {
        for bad in [
            "",
            "-cn",
            "cn-",
            "CN-hangzhou",
            "cn hangzhou",
            "evil.com/",
            "a@b",
            "cn.x",
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
        assert!(KNOWN.into_iter().all(is_well_formed));
    }
}
