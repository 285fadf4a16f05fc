//! `secrets rotate` over a cluster of the sandbox with real PostgreSQL.

use serde_json::Value;

use crate::support::{APP, Login, Pace, STAGING, STAGING_MASTER, World};

/// A login of a secret's file, as long as the test lives.
fn login(world: &World, secret: &str, keys: (&str, &str)) -> Login {
    let text = std::fs::read(world.path("secrets").join(format!("{secret}.json"))).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    let field = |key: &str| -> &'static str { Box::leak(document[key].as_str().unwrap().to_owned().into_boxed_str()) };
    (field(keys.0), field(keys.1))
}

fn app(world: &World) -> Login {
    login(world, "staging/users", ("app_username", "app_password"))
}

fn world() -> World {
    let world = World::new(Pace::None, 3);
    let users = serde_json::json!({"app_username": APP.0, "app_password": APP.1, "database": "shop"});
    world.write_secret("staging/users", &users);
    world
}

#[test]
fn the_logins_of_users_are_exchanged_and_the_former_one_lives_until_the_next_time() {
    let world = world();
    let plan = world.run(&["secrets", "rotate", "staging/users", "--plan"]).with_code(0);
    assert!(plan.out.contains("staging_app is followed by staging_app_clone"), "{}", plan.out);
    assert_eq!(app(&world), APP, "a plan changes nothing");
    let refused = world.run(&["secrets", "rotate", "staging/users", "--even-if-recent"]).with_code(2);
    assert!(refused.err.contains("Give --yes"), "{}", refused.err);
    let recent = world.run(&["secrets", "rotate", "staging/users", "--yes"]).with_code(1);
    assert!(recent.err.contains("was changed less than an hour ago"), "{}", recent.err);
    let rotate = ["--json", "secrets", "rotate", "staging/users", "--yes", "--even-if-recent"];
    let done: Value = serde_json::from_str(&world.run(&rotate).with_code(0).out).unwrap();
    assert_eq!((&done["done"], &done["strategy"]), (&Value::Bool(true), &Value::from("alternating")));
    let second = app(&world);
    assert_eq!(second.0, "staging_app_clone");
    assert!(world.gets_in("staging", second) && world.gets_in("staging", APP));
    world.execute(STAGING, "staging", second, "SELECT * FROM shop.about").unwrap();
    world.run(&rotate).with_code(0);
    let third = app(&world);
    assert_eq!(third.0, APP.0);
    assert!(world.gets_in("staging", third) && world.gets_in("staging", second) && !world.gets_in("staging", APP));
}

#[test]
fn the_master_s_password_is_changed_and_restores_know_it() {
    let world = world();
    world.run(&["secrets", "rotate", "staging/master", "--yes", "--even-if-recent"]).with_code(0);
    let master = login(&world, "staging/master", ("username", "password"));
    assert!(world.gets_in("staging", master) && !world.gets_in("staging", STAGING_MASTER));
    world.run(&["secrets", "rotate", "staging/users", "--yes", "--even-if-recent"]).with_code(0);
    assert!(world.gets_in("staging", app(&world)));
}

#[test]
fn killed_anywhere_it_goes_on_and_the_secret_always_logs_in() {
    let world = world();
    let rotate = ["secrets", "rotate", "staging/users", "--yes", "--even-if-recent"];
    let shelf = world.path("secrets/.versions/staging/users.json");
    let labels = || std::fs::read_to_string(shelf.join("labels.json")).unwrap_or_default();
    let is_pending = || labels().contains("\"pending\":\"");
    let armed = "SELECT 'staging_app_clone'::regrole";
    let moments: [(&str, &dyn Fn(Login) -> bool); 4] = [
        ("the shelf", &|_| shelf.exists()),
        ("a pending version", &|_| is_pending()),
        ("the other user", &|_| world.execute(STAGING, "staging", STAGING_MASTER, armed).is_ok()),
        ("the new version", &|before| app(&world) != before),
    ];
    for (moment, has_come) in moments {
        let before = app(&world);
        let mut rotation = world.begin(&rotate);
        world.wait_for(moment, || (has_come(before) || rotation.is_over()).then_some(()));
        rotation.kill();
        assert!(world.gets_in("staging", app(&world)), "killed at {moment}");
    }
    world.run(&rotate).with_code(0);
    assert!(world.gets_in("staging", app(&world)) && !is_pending());
    let plan = world.run(&["--json", "secrets", "rotate", "staging/users", "--plan"]).with_code(0);
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    assert_eq!(plan["stands"], "at-rest");
}

#[test]
fn what_cannot_be_rotated_is_refused_with_nothing_changed() {
    let world = world();
    let before = app(&world);
    for (arguments, code, told) in [
        (&["staging/nobody"][..], 3, "does not exist"),
        (&["production/master"][..], 2, "is of another cluster"),
        (&["staging/users", "--target", "nowhere"][..], 1, "cluster nowhere cannot be found"),
        (&["sandbox/keys"][..], 1, "it has none of `username`"),
    ] {
        let whole = [&["secrets", "rotate", "--yes", "--even-if-recent"][..], arguments].concat();
        let ended = world.run(&whole).with_code(code);
        assert!(ended.err.contains(told), "{}", ended.err);
    }
    assert_eq!(app(&world), before);
    assert!(world.gets_in("staging", before));
}
