# Requires a category's items. Makes edits.jsonl and the edited images of one editor.


def shown_edits(wildcards):
    """The edits that a control shows of another editor."""
    return [
        f"results/{wildcards.benchmark}/edits/{editor}/{wildcards.category}/edits.jsonl"
        for editor in PLAN.shown_editors(wildcards.editor)
    ]


rule edit_category:
    input:
        item_records="results/{benchmark}/items/{category}/items.jsonl",
        shown=shown_edits,
    output:
        edits="results/{benchmark}/edits/{editor}/{category}/edits.jsonl",
    log:
        "results/{benchmark}/logs/edit_category/{editor}/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/edit_category/{editor}/{category}.tsv"
    priority: lambda wildcards: 100 - PLAN.editor_place(wildcards.editor)
    conda:
        "../envs/edit.yaml"
    threads: lambda wildcards: job_threads(CONFIG.editors[wildcards.editor])
    resources:
        gpu=lambda wildcards: job_gpus(CONFIG.editors[wildcards.editor]),
        pool_gpu=lambda wildcards: PLAN.devices(CONFIG.editors[wildcards.editor]),
    params:
        recipe=lambda wildcards: PLAN.editor_recipes[wildcards.editor],
    shell:
        "python {workflow.basedir:q}/scripts/edit_category.py --config {PLAN.config_file:q}"
        " --benchmark {wildcards.benchmark:q} --editor {wildcards.editor:q}"
        " --items {input.item_records:q} --output {output.edits:q} --log {log:q}"
        " --devices {resources.pool_gpu}"
