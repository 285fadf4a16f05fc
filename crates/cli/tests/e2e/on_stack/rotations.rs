//! New passwords on the stack: its own function is invoked as Secrets Manager does it, and the restore that follows knows them.

use aurora_restore_testing::secrets_manager::RotatedSecret;
use serde_json::Value;

use super::{OnStack, stage::Inbox};
use crate::support::{APP, Login, Pace, STAGING, STAGING_MASTER, World};

const FUNCTION: &str = "aurora-restore-rotate:live";
const DEPENDENTS: &str = "[notify]\nusers-dependents = { billing = \"restart it\" }\n";

/// A login of a document, as long as the test lives.
fn login(document: &Value, keys: (&str, &str)) -> Login {
    let field = |key: &str| -> &'static str { Box::leak(document[key].as_str().unwrap().to_owned().into_boxed_str()) };
    (field(keys.0), field(keys.1))
}

fn app(secret: &RotatedSecret<'_>) -> Login {
    login(&secret.current(), ("app_username", "app_password"))
}

/// The four stages of one rotation, each an invocation of the alias.
fn rotate(stage: &OnStack, secret: &RotatedSecret<'_>, number: usize) {
    let token = RotatedSecret::token(number);
    secret.announce(&token);
    for step in RotatedSecret::STEPS {
        let answer = stage.services.invoke(FUNCTION, &secret.event(step, &token));
        assert_eq!(answer["answered"], "done", "{step}: {answer}");
    }
    assert_eq!(secret.labels(&token), ["AWSCURRENT"]);
}

#[test]
fn the_stack_rotates_its_secrets_tells_who_uses_them_and_restores_with_the_new_ones() {
    let stage = OnStack::configured(World::new(Pace::None, 20), DEPENDENTS);
    let inbox = Inbox::of(&stage);
    stage.run(&["start", "--on-aws", "--yes", "--id", "op-1", "--watch"]).with_code(0);
    let function = format!("arn:aws:lambda:{}:{}:function:{FUNCTION}", STAGING.1, STAGING.0);
    let [users, master] = ["users", "master"]
        .map(|name| RotatedSecret::set_up(&stage.services, &format!("aurora-restore/staging/{name}"), &function));
    // The schedules themselves are nothing that the stand-in knows: they are off.
    let named = [format!("UsersSecretArn={}", users.arn()), format!("MasterSecretArn={}", master.arn())];
    let deployed = stage.stack("deploy", &["--yes", "--parameter", &named[0], "--parameter", &named[1]]).with_code(0);
    assert!(deployed.err.contains("RotatePermission"), "{}", deployed.err);

    let refused = stage.services.invoke(FUNCTION, &users.event("createSecret", &RotatedSecret::token(9)));
    assert_eq!(refused["errorType"], "AuroraRestore.Refused", "{refused}");
    rotate(&stage, &users, 1);
    let second = app(&users);
    assert!(stage.world.gets_in("staging", second) && stage.world.gets_in("staging", APP), "both of the pair");
    let told = inbox.wait_for(&stage, "has new passwords");
    assert!(told.contains("billing: restart it"), "{told}");
    // A person sees the same from the stack's own configuration.
    let authority = stage.world.status.ca_certificate.as_ref().unwrap();
    let trusted = format!("database.ca-certificate={}", authority.display());
    let planned = ["--set", &trusted, "secrets", "rotate", "aurora-restore/staging/users", "--plan"];
    let planned = stage.run(&planned).with_code(0);
    assert!(planned.out.contains(second.0), "{}{}", planned.out, planned.err);
    rotate(&stage, &users, 2);
    let third = app(&users);
    assert!(stage.world.gets_in("staging", third) && !stage.world.gets_in("staging", APP), "the first one is over");

    rotate(&stage, &master, 3);
    let owner = login(&master.current(), ("username", "password"));
    assert!(stage.world.gets_in("staging", owner) && !stage.world.gets_in("staging", STAGING_MASTER));
    stage.run(&["start", "--on-aws", "--yes", "--id", "op-2", "--watch"]).with_code(0);
    for login in [owner, third] {
        assert!(stage.world.gets_in("staging", login), "{} of the restored cluster", login.0);
    }
    assert!(!stage.world.gets_in("staging", STAGING_MASTER) && !stage.world.gets_in("staging", second));
}
