//! Access keys of users.

use serde_json::{Value, json};

use super::pages::list as listed;
use super::{Answer, Request, date, done};
use crate::acs::Secret;
use crate::sandbox::directory::Key;
use crate::sandbox::parameters::{incorrect, required};

pub(super) fn create(request: &Request<'_>) -> Answer {
    let random = || (request.world.ambient.nonce)();
    let key = Key {
        id: format!("LTAI5t{}", random().get(..18).unwrap_or_default()),
        secret: Secret::new(random()),
        active: true,
        created: request.now,
    };
    let mut described = described(&key);
    described["AccessKeySecret"] = key.secret.expose().into();
    let mut directory = request.world.directory_mut();
    directory.add_key(request.own_user()?, key)?;
    Ok(json!({"AccessKey": described}))
}

pub(super) fn list(request: &Request<'_>) -> Answer {
    let directory = request.world.directory();
    let keys = directory.user(request.own_user()?)?.keys.iter();
    Ok(listed(("AccessKeys", "AccessKey"), keys.map(described)))
}

pub(super) fn update(request: &Request<'_>) -> Answer {
    let id = required(request.call, "UserAccessKeyId")?;
    let active = match required(request.call, "Status")? {
        "Active" => true,
        "Inactive" => false,
        _ => return Err(incorrect("Status")),
    };
    let mut directory = request.world.directory_mut();
    directory.set_key(request.own_user()?, id, active)?;
    done()
}

pub(super) fn delete(request: &Request<'_>) -> Answer {
    let id = required(request.call, "UserAccessKeyId")?;
    let mut directory = request.world.directory_mut();
    directory.delete_key(request.own_user()?, id)?;
    done()
}

/// Everything but the secret, which is told once.
fn described(key: &Key) -> Value {
    json!({
        "AccessKeyId": key.id,
        "Status": if key.active { "Active" } else { "Inactive" },
        "CreateDate": date(key.created),
    })
}
