//! Webhooks: what is good, what is not, and what other languages' packages make of it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY: &[u8] = br#"{"event":"job.completed","text":"caf\u00e9"}"#;

fn webhook(secret: &str) -> Webhook {
    Webhook::new(Secret::new(secret).unwrap())
}

fn signed(webhook: &Webhook) -> HeaderMap {
    webhook.sign("msg_1", SystemTime::now(), BODY).unwrap()
}

fn kind(result: Result<Delivery>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// The example of the specification.
#[test]
fn a_signature_is_the_one_of_the_specification() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_614_265_330);
    let headers = webhook(SECRET)
        .sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            br#"{"test": 2432232314}"#,
        )
        .unwrap();
    assert_eq!(
        headers["webhook-signature"],
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
    assert_eq!(headers["webhook-timestamp"], "1614265330");
}

/// Pitfall 45: a body that is written anew has another signature.
#[test]
fn only_the_bytes_that_were_signed_are_good() {
    let webhook = webhook(SECRET);
    let headers = signed(&webhook);
    assert_eq!(webhook.verify(&headers, BODY).unwrap().id, "msg_1");
    let value: serde_json::Value = serde_json::from_slice(BODY).unwrap();
    let anew = serde_json::to_vec(&value).unwrap();
    assert_eq!(
        kind(webhook.verify(&headers, &anew)),
        ErrorKind::Unauthenticated
    );
}

#[test]
fn id_and_time_are_signed_too() {
    let webhook = webhook(SECRET);
    for (name, value) in [("webhook-id", "msg_2"), ("webhook-timestamp", "1")] {
        let mut headers = signed(&webhook);
        headers.insert(name, HeaderValue::from_static(value));
        assert_eq!(
            kind(webhook.verify(&headers, BODY)),
            ErrorKind::Unauthenticated
        );
    }
}

#[test]
fn a_webhook_that_was_overheard_is_good_for_a_few_minutes() {
    let webhook = webhook(SECRET).tolerance(Duration::from_secs(10));
    let headers = signed(&webhook);
    let now = SystemTime::now();
    let verify = |now| webhook.verify_at(&headers, BODY, now);
    verify(now + Duration::from_secs(5)).unwrap();
    verify(now - Duration::from_secs(5)).unwrap();
    let old = verify(now + Duration::from_secs(20)).unwrap_err();
    assert_eq!(old.message(), "the webhook is too old");
    let early = verify(now - Duration::from_secs(20)).unwrap_err();
    assert_eq!(early.message(), "the webhook is from the future");
}

#[test]
fn while_a_secret_replaces_another_both_are_good() {
    let both = webhook(SECRET).also(Secret::new(OLD).unwrap());
    for one in [webhook(SECRET), webhook(OLD)] {
        both.verify(&signed(&one), BODY).unwrap();
        one.verify(&signed(&both), BODY).unwrap();
    }
    let other = webhook("whsec_AAAA");
    assert_eq!(
        kind(other.verify(&signed(&both), BODY)),
        ErrorKind::Unauthenticated
    );
}

#[test]
fn signatures_of_other_kinds_are_passed_over() {
    let webhook = webhook(SECRET);
    let mut headers = signed(&webhook);
    let good = headers["webhook-signature"].to_str().unwrap().to_owned();
    let mut with = |text: String| {
        headers.insert("webhook-signature", text.parse().unwrap());
        webhook.verify(&headers, BODY).is_ok()
    };
    assert!(with(format!("v1a,AAAA v1,no-base64 {good}")));
    assert!(!with(good.replace("v1,", "v2,")));
    assert!(!with(good.replace("v1,", "")));
}

#[test]
fn what_is_not_signed_says_what_is_missing() {
    let webhook = webhook(SECRET);
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut headers = signed(&webhook);
        headers.remove(name);
        let error = webhook.verify(&headers, BODY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_secret_may_be_any_text() {
    let webhook = Webhook::new(Secret::raw("my_webhook_secret").unwrap());
    webhook.verify(&signed(&webhook), BODY).unwrap();
    assert!(Secret::new("my_webhook_secret").is_err());
    assert!(Secret::new("whsec_").is_err());
}

#[test]
fn what_was_verified_is_read() {
    let webhook = webhook(SECRET);
    let read = webhook.read::<serde_json::Value>(&signed(&webhook), BODY);
    let (delivery, value) = read.unwrap();
    assert_eq!(
        (delivery.id.as_str(), value["text"].as_str()),
        ("msg_1", Some("café"))
    );
}

/// Pitfall 37: a secret is shown nowhere.
#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?} {:?}", webhook(SECRET), Secret::new("hush!"));
    assert!(
        !shown.contains("MfKQ") && !shown.contains("hush"),
        "{shown}"
    );
}

/// What a peer's program answers to a line of JSON: `{"headers", "body"}` to verify, or `{"id",
/// "timestamp", "body"}` to sign.
fn peer(program: &Path, arguments: &[&str], asked: &serde_json::Value) -> serde_json::Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    let is_there = folder.join(".installed").exists();
    assert!(
        is_there,
        "packages are missing: install them with `cargo xtask peers`"
    );
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(asked.to_string().as_bytes()).unwrap();
    drop(stdin);
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success(), "{}", program.display());
    serde_json::from_slice(&said.stdout).unwrap()
}

const NODE: &str = r#"
const { Webhook } = require("standardwebhooks");
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const webhook = new Webhook(asked.secret);
let answer;
if (asked.headers) {
  try { webhook.verify(asked.body, asked.headers); answer = { good: true }; }
  catch (error) { answer = { good: false, why: String(error) }; }
} else {
  const at = new Date(asked.timestamp * 1000);
  answer = { signature: webhook.sign(asked.id, at, asked.body) };
}
console.log(JSON.stringify(answer));
"#;

const PYTHON: &str = r#"
import datetime, json, sys
from standardwebhooks import Webhook
asked = json.load(sys.stdin)
webhook = Webhook(asked["secret"])
if "headers" in asked:
    try:
        webhook.verify(asked["body"], asked["headers"])
        answer = {"good": True}
    except Exception as error:
        answer = {"good": False, "why": repr(error)}
else:
    at = datetime.datetime.fromtimestamp(asked["timestamp"], datetime.timezone.utc)
    answer = {"signature": webhook.sign(asked["id"], at, asked["body"])}
print(json.dumps(answer))
"#;

fn node(asked: &serde_json::Value) -> serde_json::Value {
    peer(Path::new("node"), &["-e", NODE], asked)
}

fn python(asked: &serde_json::Value) -> serde_json::Value {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/python/bin/python");
    let python: PathBuf = python;
    peer(&python, &["-c", PYTHON], asked)
}

/// What one side signs, the other takes, and takes no more once a byte of it is another.
fn interoperates(peer: impl Fn(&serde_json::Value) -> serde_json::Value) {
    let webhook = webhook(SECRET).also(Secret::new(OLD).unwrap());
    let body = std::str::from_utf8(BODY).unwrap();
    let headers = signed(&webhook);
    let headers: serde_json::Map<_, _> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    for secret in [SECRET, OLD] {
        let theirs = |body: &str| {
            let asked = serde_json::json!({"secret": secret, "headers": headers, "body": body});
            peer(&asked)
        };
        assert_eq!(theirs(body)["good"], true, "{}", theirs(body));
        assert_eq!(theirs(&format!("{body} "))["good"], false);
    }

    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let asked = serde_json::json!({
        "secret": OLD, "id": "msg_2", "timestamp": now.as_secs(), "body": body,
    });
    let mut theirs = HeaderMap::new();
    theirs.insert(ID, HeaderValue::from_static("msg_2"));
    theirs.insert(TIMESTAMP, visible(&now.as_secs().to_string()));
    theirs.insert(
        SIGNATURE,
        visible(peer(&asked)["signature"].as_str().unwrap()),
    );
    assert_eq!(webhook.verify(&theirs, BODY).unwrap().id, "msg_2");
}

#[test]
fn webhooks_interoperate_with_the_package_of_node() {
    interoperates(node);
}

#[test]
fn webhooks_interoperate_with_the_package_of_python() {
    interoperates(python);
}
