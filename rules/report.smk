# Requires all scores of a benchmark. Makes its report, and marks the files that `snakemake --report` shows.


rule build_report:
    input:
        index=ancient("results/{benchmark}/index.json"),
        results=all_results,
    output:
        csv=shown("results/{benchmark}/report/leaderboard.csv"),
        markdown=shown("results/{benchmark}/report/leaderboard.md"),
        latex=shown("results/{benchmark}/report/leaderboard.tex"),
        comparisons=shown("results/{benchmark}/report/comparisons.csv"),
        failures=shown("results/{benchmark}/report/failures.csv"),
        judges=shown("results/{benchmark}/report/judges.csv"),
        plots=shown(
            directory("results/{benchmark}/report/plots"),
            patterns=["{plot}.svg"],
            labels={"part": "{plot}", "format": "SVG"},
        ),
        provenance=shown("results/{benchmark}/report/provenance.json"),
        page=shown("results/{benchmark}/report/index.html", "page"),
    log:
        "results/{benchmark}/logs/build_report/report.log",
    benchmark:
        "results/{benchmark}/benchmarks/build_report/report.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    container:
        container_of("report")
    threads: 4
    params:
        script=entry_point("build_report.py"),
        config=config_file,
        report=lambda wildcards: PLAN.report_recipe(wildcards.benchmark),
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --index {input.index:q}"
        " --output {output.page:q} --threads {threads} --log {log:q}"
