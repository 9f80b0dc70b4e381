//! What an edge adds, measured against the reference world's own relay: samples and words. How exactly it is measured is for
//! `tests/scenarios/edge-slow.toml`.

use serde_json::Value;

use super::desk::Desk;

/// Two edges, the outer one on top of the inner one, each with a delay of its own in milliseconds.
fn layered(inner: u32, outer: u32) -> Desk {
    let desk = Desk::new();
    let edges = format!(
        "summary = 'Two slow edges.'\nmatrix = 'edge'\n[edge]\ndelay-ms = {inner}\n\
         [edge-2]\nupstream = '127.0.0.1:{{edge.port}}'\nforwarded = 'append'\ndelay-ms = {outer}\n\
         [client]\nedge = ['inner=http://127.0.0.1:{{edge.port}}', 'outer=http://127.0.0.1:{{edge-2.port}}']\n[expect]\nexit = 0\n"
    );
    desk.put("slow.toml", edges);
    desk
}

fn run(desk: &Desk, format: &str) -> String {
    let args = ["run", "edge", "--reference", "--fault", "slow.toml", "--format", format, "--save", "run.jsonl"];
    let done = desk.run(&args);
    assert_eq!(done.status, 0, "{}\n{}", done.out, done.err);
    done.out
}

/// The numbers of `pair[a,b]`: what a adds, and by how many pairs.
fn pair(report: &Value, a: &str, b: &str) -> (f64, i64) {
    let of_pair = |f: &&Value| f["table"] == "pair" && f["key"]["a"] == a && f["key"]["b"] == b;
    let facts: Vec<&Value> = report["facts"].as_array().unwrap().iter().filter(of_pair).collect();
    let value = |field: &str| facts.iter().find(|f| f["field"] == field).unwrap()["value"].clone();
    (value("added").as_f64().unwrap_or(f64::NAN), value("pairs").as_i64().unwrap_or_default())
}

#[test]
fn what_edges_add_is_told_hop_by_hop_and_every_sample_is_kept() {
    let desk = layered(50, 30);
    let report: Value = serde_json::from_str(&run(&desk, "json")).unwrap();
    let added = |a, b| {
        let (added, pairs) = pair(&report, a, b);
        assert_eq!(pairs, 20, "{a} beside {b}");
        added
    };
    // What one adds to the other, the other takes away; how exactly it is measured is for where nothing else runs.
    for (a, b) in [("here/edge:inner", "here/local"), ("here/edge:outer", "here/edge:inner"), ("here/edge:outer", "here/local")] {
        let (there, back) = (added(a, b), added(b, a));
        assert!(there != 0.0 && (there + back).abs() < 0.01, "{a} adds {there} to {b}, and {b} adds {back} to {a}");
    }
    // Every sample is kept, and the recording alone tells the same.
    let recording = desk.read("run.jsonl");
    let series: Vec<Value> = recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let after = series.iter().filter(|line| line["type"] == "series" && line["quantity"] == "after");
    assert_eq!(after.map(|line| line["samples"].as_array().unwrap().len()).collect::<Vec<_>>(), [20, 20, 20]);
    let told = desk.run(&["report", "run.jsonl"]).out;
    for words in ["edge:inner ", " to local (median of 20 pairs", "edge:outer ", " to edge:inner (median of 20 pairs"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
