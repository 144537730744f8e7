"""The table of contents of the graph: everything Dagster knows, listed by hand."""

import dagster as dg

from pipelines.defs.adoption import adoption, adoption_schedule, sync_adoption
from pipelines.defs.chunks import slide_chunks
from pipelines.defs.corrections import corrections
from pipelines.defs.descriptions import slide_descriptions
from pipelines.defs.documents import documents
from pipelines.defs.embeddings import slide_embeddings
from pipelines.defs.evaluation import evaluation, promotion, set_embeddings
from pipelines.defs.jobs import JOBS
from pipelines.defs.lecture_audio import lecture_audio
from pipelines.defs.lecture_chunks import lecture_chunks
from pipelines.defs.lecture_embeddings import lecture_embeddings
from pipelines.defs.lecture_frames import lecture_frames
from pipelines.defs.lecture_slides import lecture_slides
from pipelines.defs.lectures import lectures
from pipelines.defs.notebook_results import notebook_results_sensor, save_notebook_result
from pipelines.defs.official_courses import SCHEDULES
from pipelines.defs.recognised_slides import recognised_slides
from pipelines.defs.resources import resources
from pipelines.defs.search_index import search_index
from pipelines.defs.sensors import SENSORS
from pipelines.defs.set_jobs import SET_JOBS, weekly_retirement
from pipelines.defs.sets import sets_sensor, weekly_evaluation
from pipelines.defs.slides import slide_images, slides
from pipelines.defs.transcripts import transcripts

defs = dg.Definitions(
    assets=[
        *(documents, lectures, corrections, search_index),
        *(slides, slide_images, slide_descriptions, slide_chunks, slide_embeddings, recognised_slides),
        *(lecture_audio, transcripts, lecture_chunks, lecture_embeddings, lecture_frames, lecture_slides),
        *(set_embeddings, evaluation, promotion),
        adoption,
    ],
    jobs=[*JOBS, *SET_JOBS, sync_adoption, save_notebook_result],
    sensors=[*SENSORS, sets_sensor, notebook_results_sensor],
    schedules=[*SCHEDULES, adoption_schedule, weekly_evaluation, weekly_retirement],
    resources=resources(),
    executor=dg.in_process_executor,  # a step's own process would cost more than the step; docs/decisions/0002
)
