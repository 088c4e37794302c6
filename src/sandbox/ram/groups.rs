//! Groups, and who is in them.

use serde_json::{Value, json};

use super::pages::{list as listed, page};
use super::{Answer, Request, date, done};
use crate::sandbox::directory::Group;
use crate::sandbox::parameters::text;

pub(super) fn create(request: &Request<'_>) -> Answer {
    let name = request.group()?;
    let comments = text(request.call, "Comments", 128)?.unwrap_or_default();
    let mut directory = request.world.directory_mut();
    let group = directory.create_group(name, comments, request.now)?;
    Ok(json!({"Group": described(name, group)}))
}

pub(super) fn get(request: &Request<'_>) -> Answer {
    let name = request.group()?;
    let directory = request.world.directory();
    Ok(json!({"Group": described(name, directory.group(name)?)}))
}

pub(super) fn list(request: &Request<'_>) -> Answer {
    let directory = request.world.directory();
    let groups = directory.groups.iter();
    let groups = groups.map(|(name, group)| (name, described(name, group)));
    page(request.call, ("Groups", "Group"), groups)
}

pub(super) fn delete(request: &Request<'_>) -> Answer {
    let mut directory = request.world.directory_mut();
    directory.delete_group(request.group()?)?;
    done()
}

pub(super) fn add_user(request: &Request<'_>) -> Answer {
    let mut directory = request.world.directory_mut();
    directory.join(request.user()?, request.group()?, request.now)?;
    done()
}

pub(super) fn remove_user(request: &Request<'_>) -> Answer {
    let mut directory = request.world.directory_mut();
    directory.leave(request.user()?, request.group()?)?;
    done()
}

pub(super) fn of_user(request: &Request<'_>) -> Answer {
    let directory = request.world.directory();
    let joined = directory.user(request.user()?)?.groups.iter();
    let groups = joined.filter_map(|(name, since)| {
        let group = directory.group(name).ok()?;
        Some(json!({
            "GroupId": group.id,
            "GroupName": name,
            "Comments": group.comments,
            "JoinDate": date(*since),
        }))
    });
    Ok(listed(("Groups", "Group"), groups))
}

pub(super) fn users(request: &Request<'_>) -> Answer {
    let name = request.group()?;
    let directory = request.world.directory();
    directory.group(name)?;
    let users = directory.members(name).map(|(name, user, since)| {
        let described = json!({
            "UserName": name,
            "DisplayName": user.profile.display_name,
            "JoinDate": date(since),
        });
        (name, described)
    });
    page(request.call, ("Users", "User"), users)
}

fn described(name: &str, group: &Group) -> Value {
    json!({
        "GroupId": group.id,
        "GroupName": name,
        "Comments": group.comments,
        "CreateDate": date(group.created),
        "UpdateDate": date(group.updated),
    })
}
