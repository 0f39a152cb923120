# Requires all scores of a benchmark. Makes its report.


def all_results(wildcards):
    """Items, edits and scores of every category, editor and judge."""
    folder = f"results/{wildcards.benchmark}"
    categories = PLAN.categories(wildcards.benchmark)
    return [
        *expand(folder + "/items/{category}/items.jsonl", category=categories),
        *expand(folder + "/edits/{e}/{c}/edits.jsonl", e=CONFIG.editors, c=categories),
        *expand(
            folder + "/scores/{j}/{e}/{c}/scores.jsonl",
            j=CONFIG.judges,
            e=CONFIG.editors,
            c=categories,
        ),
    ]


rule build_report:
    input:
        index=ancient("results/{benchmark}/index.json"),
        results=all_results,
    output:
        csv="results/{benchmark}/report/leaderboard.csv",
        markdown="results/{benchmark}/report/leaderboard.md",
        page="results/{benchmark}/report/index.html",
    log:
        "results/{benchmark}/logs/build_report/report.log",
    benchmark:
        "results/{benchmark}/benchmarks/build_report/report.tsv"
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        report=lambda wildcards: PLAN.report_recipe(wildcards.benchmark),
    shell:
        "python {workflow.basedir:q}/scripts/build_report.py --config {PLAN.config_file:q}"
        " --benchmark {wildcards.benchmark:q} --index {input.index:q}"
        " --output {output.page:q} --log {log:q}"
