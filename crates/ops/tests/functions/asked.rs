//! Functions that are asked whether they answer, and what for.

use aurora_restore_core::{engine::Engine, ids::OperationId, operation::Phase};
use aurora_restore_ops::{
    functions::{Smoke, smoke},
    ports::CallAnswer,
};
use aurora_restore_testing::{
    block_on,
    scenario::{Scenario, Stage},
};

use crate::shop::{CHECK, NOTIFY, Shop, ended};

#[tokio::test]
async fn functions_that_answer_otherwise_are_told_and_who_knows_no_operation_is_never_called() {
    let shop = Shop::new();
    let all = smoke(&shop.functions, shop.names.all(), &ended()).await.unwrap();
    assert!(all.iter().all(|result| result.objection.is_none()), "{all:?}");
    assert_eq!(all.len(), shop.names.all().len() - 2);
    assert!(all.iter().all(|result| !["sweep", "rotate"].contains(&result.function)));
    let failed = |name: &str| CallAnswer::Failed { name: name.to_owned(), message: "no such file".to_owned() };
    shop.functions.answer(NOTIFY, failed("Runtime.InvalidEntrypoint"));
    let objections = |results: Vec<aurora_restore_ops::functions::SmokeResult>| {
        results.into_iter().filter_map(|result| Some((result.function, result.objection?))).collect::<Vec<_>>()
    };
    let told = objections(smoke(&shop.functions, shop.names.all(), &ended()).await.unwrap());
    assert_eq!(told, [("notify", "Runtime.InvalidEntrypoint: no such file".to_owned())]);
    let unknown = Smoke::Unknown(OperationId::new("nobodys").unwrap());
    let one = [shop.names.find("snapshot-check").unwrap().clone()];
    let refused =
        |message: &str| CallAnswer::Failed { name: "AuroraRestore.Refused".to_owned(), message: message.to_owned() };
    shop.functions.answer(CHECK, refused("operation nobodys is not in the journal, and it is to begin"));
    assert_eq!(objections(smoke(&shop.functions, &one, &unknown).await.unwrap()), []);
    // The same name, and neither its configuration nor its tables were of use to it.
    shop.functions.answer(CHECK, refused("the configuration cannot be used"));
    let told = objections(smoke(&shop.functions, &one, &unknown).await.unwrap());
    assert_eq!(told, [("snapshot-check", "AuroraRestore.Refused: the configuration cannot be used".to_owned())]);
}

/// An operation whose retired cluster is being ended is completed: a function that was asked for it went on with its retirement, and took
/// it from whoever was at it.
#[test]
fn nobody_is_asked_for_an_operation_that_is_being_retired() {
    let scenario = Scenario::new(Stage::default());
    assert_eq!(block_on(Smoke::newest(&scenario.journal)).unwrap(), None);
    let (_, first) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.settle();
    let (_, mut second) = scenario.run("op-2", scenario.swap()).unwrap();
    scenario.settle();
    let newest = |expected: &str| match block_on(Smoke::newest(&scenario.journal)).unwrap() {
        Some(Smoke::Ended { operation, .. }) => assert_eq!(operation.to_string(), expected),
        other => panic!("{other:?}"),
    };
    newest("op-2");
    block_on(Engine::new(scenario.ports()).retire(&mut second, "the sweeper")).unwrap();
    assert_eq!((second.operation().phase, second.operation().status().has_ended()), (Phase::Retiring, true));
    newest("op-1");
    assert_eq!((Smoke::of(second.operation()), Smoke::of(first.operation()).is_some()), (None, true));
}
