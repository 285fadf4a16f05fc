//! Many restores as one execution, a few at a time.

use std::fs;

use super::OnStack;
use crate::support::{PRODUCTION, PRODUCTION_MASTER, Pace, STAGING, STAGING_MASTER, World};

const ITEMS: usize = 20;
const AT_ONCE: &str = "5";

#[test]
fn twenty_restores_are_done_five_at_a_time_and_one_that_fails_stops_no_other() {
    let stage = OnStack::deploy(World::new(Pace::None, 10));
    let item = |number: usize| {
        let source = if number == 7 { "source.latest-of = \"nobody\"\n" } else { "" };
        format!("[[items]]\nname = \"t{number:02}\"\ntarget.cluster = \"copy-{number:02}\"\n{source}\n")
    };
    let manifest = stage.world.path("night.toml");
    let items: String = (1..=ITEMS).map(item).collect();
    fs::write(&manifest, format!("[defaults.instances]\nclass = \"db.r6g.large\"\n\n{items}")).unwrap();
    let manifest = manifest.display().to_string();
    let run = ["batch", "run", &manifest, "--id", "night", "--concurrency", AT_ONCE, "--yes", "--watch"];
    let ended = stage.run(&run).with_code(1);
    assert_eq!(ended.out.matches("COMPLETED").count(), ITEMS - 1, "{}\n{}", ended.out, ended.err);
    assert_eq!(ended.out.matches("FAILED").count(), 1, "{}", ended.out);
    assert_eq!(stage.most_at_once("night-t"), 5);
    let wanted = stage.world.content(PRODUCTION, "production", PRODUCTION_MASTER);
    for number in (1..=ITEMS).filter(|number| *number != 7) {
        let name = format!("copy-{number:02}");
        assert_eq!(stage.world.content(STAGING, &name, STAGING_MASTER), wanted, "{name}");
    }
    let again = stage.run(&run).with_code(1);
    assert!(again.err.contains("started before"), "{}", again.err);
    assert!(stage.run(&["batch", "status", "night"]).with_code(1).out.contains("night-t20"));
    more_than_forty(&stage);
}

/// They are played as executions of their own. MiniStack does not heed how many at once there: these are refused at once.
fn more_than_forty(stage: &OnStack) {
    const MANY: usize = 41;
    let item = |number: usize| format!("[[items]]\ntarget.cluster = \"many-{number:02}\"\n");
    let manifest = stage.world.path("many.toml");
    let items: String = (1..=MANY).map(item).collect();
    let common = "[defaults.instances]\nclass = \"db.r6g.large\"\n[defaults.source]\nlatest-of = \"nobody\"\n";
    fs::write(&manifest, format!("{common}{items}")).unwrap();
    let manifest = manifest.display().to_string();
    let ended = stage.run(&["batch", "run", &manifest, "--id", "many", "--yes", "--watch"]).with_code(1);
    assert_eq!(ended.out.matches("FAILED").count(), MANY, "{}\n{}", ended.out, ended.err);
    assert_eq!(stage.executions_of("many-").len(), MANY);
    assert_eq!(stage.map_runs("many"), 1, "as a distributed map");
    assert_eq!(stage.map_runs("night"), 0);
}
