//! JSON as text: reading and passing on what need not be understood.

use std::borrow::Cow;

use grump_core::Json;
use memchr::memchr2;

/// How deep a value may be: as deep as `serde_json` reads, less what it stands in.
const DEPTH: usize = 120;

/// How long a number may be that is certainly one that a double holds, where it has no exponent.
const DIGITS: usize = 300;

/// How many bytes of a string are looked at one by one.
const NEAR: usize = 16;

/// A value of somebody else's as it is passed on: as it came, but on one line.
///
/// What a usual reader of JSON refuses, as it is too deep or holds a number that is too large, is
/// passed on as text, in a string: it would cost that reader the whole event.
pub(crate) fn carried(json: &Json) -> Cow<'_, Json> {
    let value = Value::begins(json.text()).map(Value::carried);
    match value.unwrap_or_else(|| quoted(json.text())) {
        Cow::Borrowed(_) => Cow::Borrowed(json),
        Cow::Owned(text) => {
            Cow::Owned(serde_json::from_str(&text).unwrap_or_else(|_| Json::string(&text)))
        }
    }
}

fn quoted(text: &str) -> Cow<'_, str> {
    Cow::Owned(Json::string(text).text().to_owned())
}

/// The members of an object that grump wrote, taken in the order in which it writes them.
///
/// Nothing else is understood: there must be no spaces between members, and a member that comes
/// before its turn is not found.
pub(crate) struct Members<'a> {
    text: &'a str,
    /// All that were taken were what was asked for.
    sound: bool,
}

impl<'a> Members<'a> {
    /// The members of this object.
    pub(crate) fn of(object: &'a str) -> Option<Self> {
        let text = object.strip_prefix('{')?.strip_suffix('}')?;
        Some(Self { text, sound: true })
    }

    /// The next member's value, if the member has this name.
    #[inline]
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a str> {
        self.value(name).map(|value| value.json)
    }

    /// As [`take`](Self::take), of a member that must be a string.
    #[inline]
    pub(crate) fn string(&mut self, name: &str) -> Option<&'a str> {
        let value = self.take(name)?;
        self.sound &= value.starts_with('"');
        Some(value)
    }

    /// As [`string`](Self::string), without its quotes. What is escaped stays so.
    #[inline]
    pub(crate) fn word(&mut self, name: &str) -> Option<&'a str> {
        self.string(name)?.strip_prefix('"')?.strip_suffix('"')
    }

    /// As [`take`](Self::take), as [`carried`] has it.
    #[inline]
    pub(crate) fn carry(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.value(name).map(Value::carried)
    }

    /// The members of the object that is all the rest, if the rest is one member of this name.
    #[inline]
    pub(crate) fn rest(self, name: &str) -> Option<Self> {
        self.named(name).filter(|_| self.sound).and_then(Self::of)
    }

    /// Whether all were taken, and were what was asked for.
    pub(crate) const fn are_over(&self) -> bool {
        self.text.is_empty() && self.sound
    }

    #[inline]
    fn value(&mut self, name: &str) -> Option<Value<'a>> {
        let text = self.named(name)?;
        let value = match text.as_bytes().first()? {
            b'"' => Value::plain(&text[..string(text.as_bytes())?]),
            _ => Value::begins(text)?,
        };
        let rest = &text[value.json.len()..];
        self.text = rest.strip_prefix(',').unwrap_or(rest);
        Some(value)
    }

    #[inline]
    fn named(&self, name: &str) -> Option<&'a str> {
        let rest = self.text.strip_prefix('"')?.strip_prefix(name)?;
        rest.strip_prefix("\":")
    }
}

/// A value, and how it can be passed on.
struct Value<'a> {
    json: &'a str,
    /// A usual reader reads it.
    fits: bool,
    has_one_line: bool,
}

impl<'a> Value<'a> {
    /// A value that every reader reads.
    const fn plain(json: &'a str) -> Self {
        Self {
            json,
            fits: true,
            has_one_line: true,
        }
    }

    /// The value that a text begins with.
    fn begins(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (mut at, mut depth) = (0, 0_usize);
        let (mut fits, mut has_one_line) = (true, true);
        loop {
            match *bytes.get(at)? {
                b'"' => at += string(&bytes[at..])?,
                b'{' | b'[' => {
                    depth += 1;
                    fits &= depth <= DEPTH;
                    at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    at += 1;
                }
                b'-' | b'0'..=b'9' => {
                    let number = token(&text[at..]);
                    fits &= is_finite(number);
                    at += number.len();
                }
                b'a'..=b'z' => at += token(&text[at..]).len(),
                space => {
                    has_one_line &= !matches!(space, b'\n' | b'\r');
                    at += 1;
                    continue;
                }
            }
            if depth == 0 {
                let json = text.get(..at)?;
                return Some(Self {
                    json,
                    fits,
                    has_one_line,
                });
            }
        }
    }

    fn carried(self) -> Cow<'a, str> {
        match (self.fits, self.has_one_line) {
            (true, true) => Cow::Borrowed(self.json),
            // Within strings they are escaped.
            (true, false) => Cow::Owned(self.json.replace(['\n', '\r'], " ")),
            (false, _) => quoted(self.json),
        }
    }
}

/// How long the string is that a text begins with.
fn string(bytes: &[u8]) -> Option<usize> {
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\');
    let mut at = 1;
    loop {
        // Most are short: looking is faster there than searching.
        let near = bytes.get(at..)?.iter().take(NEAR).position(is_end);
        at += match near {
            Some(near) => near,
            None => NEAR + memchr2(b'"', b'\\', bytes.get(at + NEAR..)?)?,
        };
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The number, `true`, `false` or `null` that a text begins with.
fn token(text: &str) -> &str {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let end = text.bytes().position(|byte| !is_part(byte));
    end.map_or(text, |end| &text[..end])
}

fn is_finite(number: &str) -> bool {
    let is_short = number.len() < DIGITS && !number.contains(['e', 'E']);
    is_short || number.parse().is_ok_and(f64::is_finite)
}

/// Adds a member to the object that a text ends with.
#[inline]
pub(crate) fn member(object: &mut Vec<u8>, name: &str, json: &str) {
    if object.last() != Some(&b'{') {
        object.push(b',');
    }
    object.push(b'"');
    object.extend_from_slice(name.as_bytes());
    object.extend_from_slice(b"\":");
    object.extend_from_slice(json.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_on(json: &str) -> String {
        let json: Json = serde_json::from_str(json).unwrap();
        carried(&json).text().to_owned()
    }

    #[test]
    fn a_value_is_passed_on_as_it_came() {
        for json in [
            "null",
            "-0.50",
            "1E3",
            r#""a \"b\" \\""#,
            r#"{ "a" : [1, true, {"b": "}\n"}], "a": 10000000000000000000000 }"#,
        ] {
            assert_eq!(passed_on(json), json);
        }
    }

    #[test]
    fn a_value_of_several_lines_is_passed_on_on_one() {
        let lines = "{\n  \"a\": [\r\n1\r]\n, \"b\": \"\\n\"}";
        assert_eq!(passed_on(lines), "{   \"a\": [  1 ] , \"b\": \"\\n\"}");
    }

    /// Pitfall 25: what a reader may not understand does not cost it the event.
    #[test]
    fn a_value_that_readers_refuse_is_passed_on_as_text() {
        let deep = format!("{}{}", "[".repeat(121), "]".repeat(121));
        for odd in [&*deep, "1e999", "[-1E+400]", &"9".repeat(400)] {
            let text = passed_on(odd);
            assert_eq!(serde_json::from_str::<String>(&text).unwrap(), odd);
        }
        let less = format!("{}1e-999{}", "[".repeat(120), "]".repeat(120));
        assert_eq!(passed_on(&less), less);
    }

    #[test]
    fn members_are_taken_in_their_order_or_not_at_all() {
        let object = r#"{"a":1,"b":"\"}","c":{"d":[{}],"e":null}}"#;
        let mut members = Members::of(object).unwrap();
        assert_eq!(members.take("b"), None);
        assert_eq!(members.take("a"), Some("1"));
        assert_eq!(members.word("b"), Some(r#"\"}"#));
        let mut inner = members.rest("c").unwrap();
        assert_eq!(inner.carry("d").as_deref(), Some("[{}]"));
        assert_eq!(inner.take("e"), Some("null"));
        assert!(inner.are_over());
    }

    #[test]
    fn what_follows_the_rest_is_seen() {
        let members = Members::of(r#"{"a":{"b":1},"c":{}}"#).unwrap();
        let mut inner = members.rest("a").unwrap();
        assert_eq!(inner.take("b"), Some("1"));
        assert!(!inner.are_over());
    }

    #[test]
    fn a_member_that_is_no_string_spoils_the_rest() {
        let mut members = Members::of(r#"{"a":7,"b":{}}"#).unwrap();
        assert_eq!(members.string("a"), Some("7"));
        assert!(members.rest("b").is_none());
    }

    #[test]
    fn text_that_is_cut_off_has_no_members() {
        for cut in [
            "{\"a\":\"}",
            "{\"a\":[1}",
            "{\"a\":\"\\\"}",
            "{\"a\":}",
            "{\"a",
            "{",
        ] {
            let mut members = Members::of(cut);
            assert_eq!(
                members.as_mut().and_then(|members| members.take("a")),
                None,
                "{cut}"
            );
        }
    }
}
