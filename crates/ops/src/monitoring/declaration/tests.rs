//! What is accepted and what is refused, with the words that an operator reads.

use super::*;

const LEAST: &str = "version = 1\n[logs]\nretention-days = 90\n[dashboard]\nstart = \"-P7D\"\nalarms = []\n";

fn with_alarm(lines: &[(&str, &str)]) -> String {
    let usual = [
        ("id", "\"OneAlarm\""),
        ("name", "\"one\""),
        ("about", "\"One.\""),
        ("namespace", "\"AWS/States\""),
        ("metric", "\"ExecutionsFailed\""),
        ("dimensions", "{ StateMachineArn = \"${StateMachine}\" }"),
        ("statistic", "\"Sum\""),
        ("at-least", "1"),
        ("period", "\"5m\""),
        ("periods", "1"),
    ];
    let mut alarm: BTreeMap<&str, &str> = usual.into();
    alarm.extend(lines.iter().copied());
    let lines: Vec<String> =
        alarm.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{LEAST}[[alarms]]\n{}\n", lines.join("\n"))
}

fn refusal(text: &str) -> String {
    Declaration::parse(text).unwrap_err().to_string()
}

#[test]
fn the_declaration_of_this_version_is_accepted() {
    let declared = Declaration::parse(DECLARED).unwrap();
    assert!(!declared.alarms.is_empty() && !declared.dashboard.graphs.is_empty() && !declared.queries.is_empty());
    assert_eq!(declared, Declaration::of_this_version());
    assert_eq!(declared.query("cold-starts").map(|query| query.id.as_str()), Some("ColdStarts"));
}

#[test]
fn the_least_declaration_and_one_alarm_are_accepted() {
    assert!(Declaration::parse(LEAST).unwrap().alarms.is_empty());
    let declared = Declaration::parse(&with_alarm(&[])).unwrap();
    assert_eq!((declared.alarms[0].threshold(), declared.alarms[0].period.secs()), (Threshold::Value(1), 300));
    let fifths = with_alarm(&[("at-least", ""), ("at-least-fifths-of-timeout", "4"), ("period", "\"1h\"")]);
    assert_eq!(Declaration::parse(&fifths).unwrap().alarms[0].threshold(), Threshold::FifthsOfTimeout(4));
}

#[test]
fn what_is_not_known_or_missing_is_refused_with_its_line() {
    assert!(refusal(&with_alarm(&[("treshold", "1")])).contains("unknown field `treshold`"));
    assert!(refusal(&format!("{LEAST}extra = 1\n")).contains("unknown field `extra`"));
    assert!(refusal(&with_alarm(&[("dimensions", "")])).contains("missing field `dimensions`"));
    let told = refusal(&with_alarm(&[("period", "\"90s\"")]));
    assert!(told.starts_with("line ") && told.contains("`90s` is no period"), "{told}");
    assert!(refusal(&with_alarm(&[("statistic", "\"p99\"")])).contains("unknown variant"));
    assert!(refusal("version = ").starts_with("line 1: "));
}

#[test]
fn what_the_service_would_refuse_or_never_do_is_refused_here() {
    for (lines, told) in [
        (&[("dimensions", "{}")][..], "it has no dimension"),
        (&[("dimensions", "{ A = \"x${B}\" }")], "write a text, or one placeholder"),
        (&[("at-least", "0")], "above zero"),
        (&[("at-least", "")], "needs `at-least` or"),
        (&[("at-least-fifths-of-timeout", "4")], "and not both"),
        (&[("at-least", ""), ("at-least-fifths-of-timeout", "6")], "1 to 5 fifths"),
        (&[("periods", "0")], "at least one"),
        (&[("periods", "300")], "not longer than 24 hours"),
        (&[("period", "\"1h\""), ("periods", "169")], "not longer than 168 hours"),
        (&[("name", "\"Über\"")], "small letters"),
        (&[("id", "\"one alarm\"")], "letters and digits"),
        (&[("about", "\"\"")], "1 to 1024"),
        (&[("metric", "\"\"")], "watches no metric"),
    ] {
        let found = refusal(&with_alarm(lines));
        assert!(found.contains(told), "{lines:?}: {found}");
    }
    assert!(refusal(&LEAST.replace("90", "91")).contains("90 or 120 is possible"));
    assert!(refusal(&LEAST.replace("version = 1", "version = 2")).contains("reads form 1"));
    assert!(refusal(&LEAST.replace("alarms = []", "alarms = [\"nobody\"]")).contains("not declared"));
    let query = "[[queries]]\nid = \"A\"\nname = \"\"\ntext = \"limit 1\"\n";
    assert!(refusal(&format!("{LEAST}{query}")).contains("it has no name"));
}

#[test]
fn nothing_is_declared_twice() {
    let one = with_alarm(&[]);
    let again = one.split_once("[[alarms]]").unwrap().1;
    let told = refusal(&format!("{one}[[alarms]]{again}"));
    assert!(told.contains("the id of an alarm is given twice: OneAlarm") && told.contains("the name"), "{told}");
}

#[test]
fn a_declaration_is_told_as_json_too() {
    let json = Declaration::as_json(DECLARED).unwrap();
    let alarms = Declaration::of_this_version().alarms;
    assert_eq!(json["alarms"].as_array().map(Vec::len), Some(alarms.len()), "{json}");
}
