# Requires the items, edits, scores and report of a benchmark. Makes results/{benchmark}/speed/: the same
# recipes timed one item after the other on one device, and the page that compares both.


rule serial_category:
    input:
        item_records="results/{benchmark}/items/{category}/items.jsonl",
        edits="results/{benchmark}/edits/{editor}/{category}/edits.jsonl",
        scores=lambda wildcards: [
            f"results/{wildcards.benchmark}/scores/{judge}/{wildcards.editor}/{wildcards.category}/scores.jsonl"
            for judge in PLAN.device_judges()
        ],
        # Nothing else may run while it is timed, so it starts last.
        report=ancient("results/{benchmark}/report/index.html"),
    output:
        serial="results/{benchmark}/speed/serial/{editor}/{category}/serial.json",
    log:
        "results/{benchmark}/logs/serial_category/{editor}/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/serial_category/{editor}/{category}.tsv"
    priority: -1000
    conda:
        "../envs/edit.yaml"
    container:
        container_of("edit")
    threads: 1
    resources:
        gpu=lambda wildcards: 0 if PLAN.on_cpu() else min(1, PLAN.device_count),
        device_jobs=2,
    params:
        script=entry_point("serial_category.py"),
        config=config_file,
        devices=lambda wildcards, input: min(1, PLAN.device_count),
        results=lambda wildcards, input: f"results/{wildcards.benchmark}",
        judges=lambda wildcards: PLAN.device_judges(),
        recipe=lambda wildcards: PLAN.serial_recipe(
            wildcards.editor, PLAN.device_judges()
        ),
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --editor {wildcards.editor:q} --judges {params.judges:q}"
        " --items {input.item_records:q} --results {params.results:q} --output {output.serial:q}"
        " --log {log:q} --devices {params.devices}"


rule build_comparison:
    input:
        serial=lambda wildcards: [
            f"results/{wildcards.benchmark}/speed/serial/{editor}/{category}/serial.json"
            for category in PLAN.categories(wildcards.benchmark)
            for editor in PLAN.serial_editors()
        ],
        results=all_results,
        report=ancient("results/{benchmark}/report/index.html"),
    output:
        page="results/{benchmark}/speed/index.html",
        # The report shows its link to the page only if this style sheet is there.
        link="results/{benchmark}/speed/link.css",
    log:
        "results/{benchmark}/logs/build_comparison/comparison.log",
    benchmark:
        "results/{benchmark}/benchmarks/build_comparison/comparison.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    container:
        container_of("report")
    threads: 1
    params:
        script=entry_point("build_comparison.py"),
        config=config_file,
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --serial {input.serial:q}"
        " --output {output.page:q} --log {log:q}"
