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
    threads: lambda wildcards: judge_allocation(wildcards).threads
    resources:
        gpu=lambda wildcards: judge_allocation(wildcards).gpu,
        pool_gpu=lambda wildcards: judge_allocation(wildcards).pool_gpu,
        device_jobs=lambda wildcards: judge_allocation(wildcards).device_jobs,
        own_device_jobs=lambda wildcards: judge_allocation(wildcards).own_device_jobs,
        served_score_jobs=lambda wildcards: judge_allocation(wildcards).served_jobs,
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
