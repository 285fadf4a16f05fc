//! The runner: what one check does never stops another, and what could not look says so.

use aurora_restore_ops::review::{Level, Outcome, Period, Reach, Reviewed, Selection, Unlooked, review};

use super::world::World;

fn unreachable<T>() -> Reach<T> {
    Reach::Unreachable(Unlooked { reason: "nobody answers".to_owned(), mend: "aurora-restore doctor".to_owned() })
}

async fn weekly(site: &aurora_restore_ops::review::Site<'_>) -> Vec<Reviewed> {
    review(site, &Selection::default().of(Period::Weekly).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn every_check_is_told_in_order_with_what_it_looked_at() {
    let world = World::clean();
    let site = world.site();
    let reviewed = weekly(&site).await;
    let names: Vec<&str> = reviewed.iter().map(|one| one.check.name).collect();
    assert_eq!(names, ["logs", "state", "metrics", "leftovers"]);
    let at = |number: usize| match &reviewed[number].outcome {
        Outcome::Looked { at } => at.as_str(),
        other @ (Outcome::Unlooked | Outcome::NotHere { .. }) => panic!("{other:?}"),
    };
    assert!(at(0).starts_with("100 lines of 1 log since "), "{}", at(0));
    assert!(at(1).starts_with("1 operation, "), "{}", at(1));
    assert_eq!(at(3), "everything with our tag in the target account in eu-central-1");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_cannot_be_asked_is_an_error_of_its_checks_and_of_no_other() {
    let world = World::clean();
    let mut site = world.site();
    site.metrics = unreachable();
    let reviewed = weekly(&site).await;
    let worst: Vec<Option<Level>> = reviewed.iter().map(Reviewed::worst).collect();
    assert_eq!(worst, [None, None, Some(Level::Error), None]);
    assert_eq!(reviewed[2].outcome, Outcome::Unlooked);
    assert_eq!(reviewed[2].findings[0].what, "could not be looked at: nobody answers");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_here_is_no_finding() {
    let world = World::clean();
    let mut site = world.site();
    site.metrics = Reach::NotHere("the command writes no metrics");
    let reviewed = weekly(&site).await;
    assert!(reviewed.iter().all(|one| one.findings.is_empty()));
    assert_eq!(reviewed[2].outcome, Outcome::NotHere { reason: "the command writes no metrics" });
}

/// Logs that never answer.
struct Silent;

#[async_trait::async_trait]
impl aurora_restore_ops::ports::Logs for Silent {
    async fn page(
        &self,
        _: aurora_restore_ops::ports::LogQuery<'_>,
        _: Option<&str>,
    ) -> aurora_restore_ops::ports::ServiceResult<aurora_restore_ops::ports::LogPage> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_without_an_end_is_given_up_and_the_others_are_told() {
    let world = World::clean();
    let mut site = world.site();
    site.logs = Reach::There((&Silent, vec!["a".to_owned()]));
    let reviewed = weekly(&site).await;
    assert_eq!(reviewed[0].findings[0].what, "could not be looked at: no end within 15 minutes");
    assert_eq!(reviewed[0].findings[0].mend, "aurora-restore --stack ours review weekly --only logs");
    assert!(reviewed[1..].iter().all(|one| one.findings.is_empty()));
}
