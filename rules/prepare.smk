# Requires a benchmark's source and its index. Makes items.jsonl and the decoded images of a category.


include: "upkeep.smk"


rule prepare_category:
    input:
        source=with_upkeep(
            lambda wildcards: ancient(CONFIG.benchmarks[wildcards.benchmark].path)
        ),
        index=ancient("results/{benchmark}/index.json"),
    output:
        item_records="results/{benchmark}/items/{category}/items.jsonl",
    log:
        "results/{benchmark}/logs/prepare_category/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/prepare_category/{category}.tsv"
    priority: 1000
    group:
        "prepare_{benchmark}"
    conda:
        "../envs/prepare.yaml"
    container:
        container_of("prepare")
    threads: 1
    resources:
        # Stated, since SLURM's plugin asks for one GPU if a gpu_model has no number.
        gpu=0,
    params:
        script=entry_point("prepare_category.py"),
        config=config_file,
        recipe=lambda wildcards: PLAN.prepare_recipe(
            wildcards.benchmark, wildcards.category
        ),
    shell:
        "python {params.script:q} --config {params.config:q}"
        " --benchmark {wildcards.benchmark:q} --category={wildcards.category:q}"
        " --index {input.index:q} --output {output.item_records:q} --log {log:q}"
