# Requires all scores of a benchmark. Makes its report.


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
        script=entry_point("build_report.py"),
        config=config_file,
        report=lambda wildcards: PLAN.report_recipe(wildcards.benchmark),
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --index {input.index:q}"
        " --output {output.page:q} --log {log:q}"
