use jiff::SignedDuration;

use super::super::config::Config;
use super::*;

fn start() -> Timestamp {
    "2026-01-15T08:30:00Z".parse().unwrap()
}

fn demo() -> Directory {
    Directory::new(&Config::demo(), start())
}

fn session(number: usize, expires: Timestamp) -> Arc<Session> {
    Arc::new(Session {
        role: "ci".to_owned(),
        role_id: "3".to_owned(),
        name: "build".to_owned(),
        key_id: format!("STS.{number}"),
        secret: Secret::new("secret"),
        token: Secret::new("token"),
        expires,
        policy: None,
    })
}

#[test]
fn a_session_that_is_over_is_remembered_for_an_hour() {
    let mut directory = demo();
    let over = start() + SignedDuration::from_mins(15);
    directory.begin(session(1, over), start());
    directory.begin(session(2, over), over + SignedDuration::from_mins(59));
    assert!(directory.key("STS.1").is_some());
    directory.begin(session(3, over), over + SignedDuration::from_mins(60));
    assert!(directory.key("STS.1").is_none());
}

#[test]
fn the_memory_for_sessions_is_bounded_and_the_first_to_end_goes() {
    let mut directory = demo();
    let later = start() + SignedDuration::from_mins(60);
    directory.begin(session(0, later), start());
    directory.begin(session(1, start()), start());
    for number in 2..=5_000 {
        directory.begin(session(number, later), start());
    }
    assert_eq!(directory.sessions.len(), 5_000);
    assert!(directory.key("STS.0").is_some());
    assert!(directory.key("STS.1").is_none());
}

#[test]
fn a_change_is_counted_and_a_refused_one_changes_nothing() {
    let mut directory = demo();
    let before = directory.changes();
    assert_eq!(
        directory.delete_user("admin"),
        Err(Fault::DeleteConflict("User.AccessKey"))
    );
    assert_eq!(
        directory.join("admin", "nowhere", start()),
        Err(Fault::NotExist("Group"))
    );
    assert_eq!(directory.changes(), before);
    directory
        .set_key("admin", "LTAI-sandbox-admin", false)
        .unwrap();
    assert!(directory.changes() > before);
}

#[test]
fn no_document_of_the_configuration_takes_a_system_policy_s_name() {
    let mut config = Config::demo();
    let document = parse(br#"{"Version": "1", "Statement": []}"#).document;
    config.users[1].policies.account.push(Attached {
        name: "AdministratorAccess".to_owned(),
        system: false,
        document: document.unwrap(),
    });
    let directory = Directory::new(&config, start());
    let attached = &directory.users["intern"].attachments[0].policy;
    assert_eq!(attached.kind, PolicyKind::Custom);
    assert_eq!(attached.name, "AdministratorAccess-2");
}
