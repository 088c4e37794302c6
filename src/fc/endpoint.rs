//! Function Compute's hosts.

use crate::acs::Endpoint;

/// Where a region answers for an account; `vpc` is the address inside Alibaba Cloud.
pub fn of(account: &str, region: &str, vpc: bool) -> Endpoint {
    let internal = if vpc { "-internal" } else { "" };
    Endpoint::https(format!("{account}.{region}{internal}.fc.aliyuncs.com"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_host_carries_the_account() {
        let shown = |vpc| super::of("123", "cn-hangzhou", vpc).to_string();
        assert_eq!(shown(false), "https://123.cn-hangzhou.fc.aliyuncs.com");
        assert_eq!(
            shown(true),
            "https://123.cn-hangzhou-internal.fc.aliyuncs.com"
        );
    }
}
