# Requires a category's items. Makes edits.jsonl and the edited images of one editor.


rule edit_category:
    input:
        item_records="results/{benchmark}/items/{category}/items.jsonl",
        shown=with_upkeep(shown_edits),
    output:
        edits="results/{benchmark}/edits/{editor}/{category}/edits.jsonl",
    log:
        "results/{benchmark}/logs/edit_category/{editor}/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/edit_category/{editor}/{category}.tsv"
    priority: lambda wildcards: 100 - PLAN.editor_place(wildcards.editor)
    group:
        "edit_{editor}"
    conda:
        "../envs/edit.yaml"
    container:
        container_of("edit")
    threads: lambda wildcards: editor_allocation(wildcards).threads
    resources:
        gpu=lambda wildcards: editor_allocation(wildcards).gpu,
        pool_gpu=lambda wildcards: editor_allocation(wildcards).pool_gpu,
        device_jobs=lambda wildcards: editor_allocation(wildcards).device_jobs,
        served_edit_jobs=lambda wildcards: editor_allocation(wildcards).served_jobs,
    params:
        script=entry_point("edit_category.py"),
        config=config_file,
        shard=shard_option,
        recipe=lambda wildcards: PLAN.editor_recipe(wildcards.editor),
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --editor {wildcards.editor:q}"
        " --items {input.item_records:q} --output {output.edits:q} --log {log:q}"
        " --devices {resources.pool_gpu} {params.shard}"
