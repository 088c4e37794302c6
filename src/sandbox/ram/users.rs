//! Users.

use serde_json::{Value, json};

use super::pages::page;
use super::{Answer, Request, date, done};
use crate::sandbox::directory::{Profile, User};
use crate::sandbox::parameters::{principal_name, text};

/// The longest display name, comment, address or number, in characters.
const LONGEST: usize = 128;

pub(super) fn create(request: &Request<'_>) -> Answer {
    let name = request.user()?;
    let text = |parameter| text(request.call, parameter, LONGEST);
    let profile = Profile {
        display_name: text("DisplayName")?.unwrap_or_else(|| name.to_owned()),
        email: text("Email")?.unwrap_or_default(),
        mobile_phone: text("MobilePhone")?.unwrap_or_default(),
        comments: text("Comments")?.unwrap_or_default(),
    };
    let mut directory = request.world.directory_mut();
    let user = directory.create_user(name, profile, request.now)?;
    Ok(json!({"User": described(name, user)}))
}

pub(super) fn get(request: &Request<'_>) -> Answer {
    let name = request.user()?;
    let directory = request.world.directory();
    Ok(json!({"User": described(name, directory.user(name)?)}))
}

pub(super) fn list(request: &Request<'_>) -> Answer {
    let directory = request.world.directory();
    let users = directory.users.iter();
    let users = users.map(|(name, user)| (name, described(name, user)));
    page(request.call, ("Users", "User"), users)
}

pub(super) fn update(request: &Request<'_>) -> Answer {
    let name = request.user()?;
    let new_name = match request.call.parameter("NewUserName") {
        Some(_) => principal_name(request.call, "NewUserName")?,
        None => name,
    };
    let text = |parameter| text(request.call, parameter, LONGEST);
    let (display_name, comments) = (text("NewDisplayName")?, text("NewComments")?);
    let (email, mobile_phone) = (text("NewEmail")?, text("NewMobilePhone")?);
    let mut directory = request.world.directory_mut();
    directory.rename_user(name, new_name)?;
    let user = directory.user_mut(new_name)?;
    user.updated = request.now;
    let profile = &mut user.profile;
    for (field, new) in [
        (&mut profile.display_name, display_name),
        (&mut profile.comments, comments),
        (&mut profile.email, email),
        (&mut profile.mobile_phone, mobile_phone),
    ] {
        if let Some(new) = new {
            *field = new;
        }
    }
    Ok(json!({"User": described(new_name, user)}))
}

pub(super) fn delete(request: &Request<'_>) -> Answer {
    let name = request.user()?;
    request.world.directory_mut().delete_user(name)?;
    done()
}

fn described(name: &str, user: &User) -> Value {
    json!({
        "UserId": user.id,
        "UserName": name,
        "DisplayName": user.profile.display_name,
        "MobilePhone": user.profile.mobile_phone,
        "Email": user.profile.email,
        "Comments": user.profile.comments,
        "CreateDate": date(user.created),
        "UpdateDate": date(user.updated),
    })
}
