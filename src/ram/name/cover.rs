//! Whether one pattern makes another superfluous. Never wrongly yes; where both hold wildcards
//! or a reading is in doubt, a no may be too careful.

use super::*;

/// Whether each request that `inner` matches is matched by `outer` too; never wrongly yes.
pub(crate) fn action_covers(outer: &str, inner: &str) -> bool {
    if outer == "*" {
        return true;
    }
    let fold_all = |text: &str| -> String { text.chars().map(fold).collect() };
    let (outer, inner) = (fold_all(outer), fold_all(inner));
    match (outer.split_once(':'), inner.split_once(':')) {
        (Some((outer_service, outer_name)), Some((service, name))) => {
            glob::covers(outer_service.as_bytes(), service.as_bytes())
                && glob::covers(outer_name.as_bytes(), name.as_bytes())
        }
        _ => outer == inner,
    }
}

/// Whether each request that `inner` matches is matched by `outer` too; never wrongly yes.
pub(crate) fn resource_covers(outer: &str, inner: &str) -> bool {
    if outer == "*" || outer == inner {
        return true;
    }
    let (outer, inner) = (outer.as_bytes(), inner.as_bytes());
    match (field_ends(outer), field_ends(inner)) {
        (Some(outer_ends), Some(inner_ends)) => (0..FIELDS).all(|index| {
            glob::covers(
                field(outer, &outer_ends, index),
                field(inner, &inner_ends, index),
            )
        }),
        _ => false,
    }
}
