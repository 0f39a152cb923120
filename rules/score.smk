# Requires a category's items and one editor's edits of them. Makes one judge's scores.


rule score_category:
    input:
        item_records="results/{benchmark}/items/{category}/items.jsonl",
        edits="results/{benchmark}/edits/{editor}/{category}/edits.jsonl",
    output:
        scores="results/{benchmark}/scores/{judge}/{editor}/{category}/scores.jsonl",
    log:
        "results/{benchmark}/logs/score_category/{judge}/{editor}/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/score_category/{judge}/{editor}/{category}.tsv"
    priority: lambda wildcards: -PLAN.judge_place(wildcards.judge)
    group:
        "score_{judge}_{editor}"
    conda:
        "../envs/score.yaml"
    container:
        container_of("score")
    threads: lambda wildcards: job_threads(PLAN.run.judges[wildcards.judge])
    resources:
        gpu=lambda wildcards: job_gpus(PLAN.run.judges[wildcards.judge]),
        pool_gpu=lambda wildcards: PLAN.devices(PLAN.run.judges[wildcards.judge]),
        device_jobs=lambda wildcards: device_jobs(PLAN.run.judges[wildcards.judge]),
        endpoint_jobs=lambda wildcards: int(
            PLAN.run.judges[wildcards.judge].asks_server
        ),
    params:
        script=entry_point("score_category.py"),
        config=config_file,
        shard=shard_option,
        recipe=lambda wildcards: PLAN.judge_recipe(wildcards.judge),
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --judge {wildcards.judge:q} --editor {wildcards.editor:q}"
        " --items {input.item_records:q} --edits {input.edits:q} --output {output.scores:q} --log {log:q}"
        " --devices {resources.pool_gpu} {params.shard}"
