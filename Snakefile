# snakedit: edit every benchmark image with every editor, judge the edits, build a report.
#
#   snakemake --cores all --resources gpu=6
#
# Everything that is set stands in config/ (see config/README.md); how it is executed, in profiles/.

from snakemake.utils import min_version

min_version("9.27.1")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/prepare.smk"
include: "rules/edit.smk"
include: "rules/score.smk"
include: "rules/shards.smk"
include: "rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        expand("results/{benchmark}/report/index.html", benchmark=CONFIG.benchmarks),


onsuccess:
    shell("python {workflow.basedir:q}/scripts/stop_pools.py")


onerror:
    shell("python {workflow.basedir:q}/scripts/stop_pools.py")
