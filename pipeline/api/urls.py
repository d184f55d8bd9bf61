from django.urls import path

from pipeline.api import views

urlpatterns = [
    path("batches", views.Batches.as_view(), name="api-batches"),
    path("batches/<int:batch_id>", views.OneBatch.as_view(), name="api-batch"),
    path("batches/<int:batch_id>/photos", views.Photos.as_view(), name="api-photos"),
    path("frames", views.Frames.as_view(), name="api-frames"),
    path("frames/<int:frame_id>", views.OneFrame.as_view(), name="api-frame"),
    path("frames/<int:frame_id>/renditions", views.FrameRenditions.as_view(), name="api-frame-renditions"),
    path("products/<str:code>/renditions", views.ProductRenditions.as_view(), name="api-product-renditions"),
]
