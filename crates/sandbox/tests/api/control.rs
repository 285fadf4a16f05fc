//! The `/_sandbox` endpoints: who may use them, and what they take.

use aurora_restore_sandbox::server::Status;

use crate::support::{Client, start};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_of_the_directory_may_use_them() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    for token in ["", "wrong", "0000000000000000000000000000000000000000000000000000000000000000"] {
        assert_eq!(client.control(token, "GET", "health", "").status, 403, "{token}");
    }
    assert_eq!(client.send("GET", "/_sandbox/health", &[], b"").unwrap().status, 403);
    let token = Status::control_token(running.directory.path()).unwrap();
    assert_eq!(client.control(&token, "GET", "health", "").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_is_refused_even_with_the_token() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let bearer = format!("Bearer {}", Status::control_token(running.directory.path()).unwrap());
    let signed = client.authorization("rds");
    for header in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "same-origin"),
        ("host", "evil.example"),
    ] {
        let control = client.send("GET", "/_sandbox/health", &[("authorization", &bearer), header], b"");
        assert_eq!(control.unwrap().status, 403, "{header:?}");
        let api = client.post("Action=DescribeDBClusters", &[("authorization", &signed), header]).unwrap();
        assert_eq!(api.refusal(), (403, "AccessDenied"), "{header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_what_runs_where() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let token = Status::control_token(running.directory.path()).unwrap();
    let create =
        "DBClusterIdentifier=orders&Engine=aurora-postgresql&MasterUsername=admin1&MasterUserPassword=hunter2hunter2";
    assert_eq!(client.call("CreateDBCluster", create).status, 200);
    client.wait_for_cluster("orders", "available");
    let answer = client.control(&token, "GET", "health", "");
    assert!(!answer.body.contains("hunter2"));
    let health: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(health["pid"], std::process::id());
    assert_eq!(health["url"], running.sandbox.endpoint_url());
    assert_eq!(health["data_directory"], running.sandbox.data_directory().to_str().unwrap());
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["save_problem"], serde_json::Value::Null);
    let writer = &health["endpoints"][0];
    assert_eq!((&writer["name"], &writer["kind"]), (&"orders".into(), &"writer".into()), "{health}");
    assert!(health["uptime_seconds"].as_i64().unwrap() >= 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_endpoint_does_not_take_is_refused_and_changes_nothing() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let token = Status::control_token(running.directory.path()).unwrap();
    for body in [
        "",
        "[]",
        "{\"fault\": \"earthquake\"}",
        "{\"fault\": \"throttling\", \"colour\": \"red\"}",
        "{\"fault\": \"throttling\", \"action\": \"DescribeEverything\"}",
        "{\"fault\": \"throttling\", \"times\": -1}",
        "{\"fault\": \"throttling\"} more",
    ] {
        let answer = client.control(&token, "POST", "faults", body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert!(answer.body.starts_with("{\"error\":\""), "{}", answer.body);
    }
    assert_eq!(client.control(&token, "GET", "faults", "").body, "[]");
    for (method, path) in [("GET", "nothing"), ("PUT", "faults"), ("POST", "health")] {
        assert_eq!(client.control(&token, method, path, "{}").status, 404, "{method} {path}");
    }
}
