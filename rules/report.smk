# Requires all scores of a benchmark. Makes its report, and marks what `snakemake --report` takes from it.


rule build_report:
    input:
        index=ancient("results/{benchmark}/index.json"),
        results=all_results,
    output:
        csv=report(
            "results/{benchmark}/report/leaderboard.csv",
            category="{benchmark}",
            caption="captions/leaderboard.rst",
            labels={"part": "leaderboard", "format": "CSV"},
        ),
        markdown=report(
            "results/{benchmark}/report/leaderboard.md",
            category="{benchmark}",
            caption="captions/leaderboard.rst",
            labels={"part": "leaderboard", "format": "Markdown"},
        ),
        latex=report(
            "results/{benchmark}/report/leaderboard.tex",
            category="{benchmark}",
            caption="captions/leaderboard.rst",
            labels={"part": "leaderboard", "format": "LaTeX"},
        ),
        comparisons=report(
            "results/{benchmark}/report/comparisons.csv",
            category="{benchmark}",
            caption="captions/comparisons.rst",
            labels={"part": "comparisons", "format": "CSV"},
        ),
        failures=report(
            "results/{benchmark}/report/failures.csv",
            category="{benchmark}",
            caption="captions/failures.rst",
            labels={"part": "failures", "format": "CSV"},
        ),
        judges=report(
            "results/{benchmark}/report/judges.csv",
            category="{benchmark}",
            caption="captions/judges.rst",
            labels={"part": "judges", "format": "CSV"},
        ),
        plots=report(
            directory("results/{benchmark}/report/plots"),
            patterns=["{plot}.svg"],
            category="{benchmark}",
            caption="captions/plots.rst",
            labels={"part": "{plot}", "format": "SVG"},
        ),
        provenance=report(
            "results/{benchmark}/report/provenance.json",
            category="{benchmark}",
            caption="captions/provenance.rst",
            labels={"part": "provenance", "format": "JSON"},
        ),
        page=report(
            "results/{benchmark}/report/index.html",
            category="{benchmark}",
            caption="captions/page.rst",
            labels={"part": "page", "format": "HTML"},
        ),
    log:
        "results/{benchmark}/logs/build_report/report.log",
    benchmark:
        "results/{benchmark}/benchmarks/build_report/report.tsv"
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
