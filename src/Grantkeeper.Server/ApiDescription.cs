using Grantkeeper.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Grantkeeper.Server;

/// <summary>What the OpenAPI document says beyond the routes: name, credential, and which permission each operation asks for.</summary>
internal static class ApiDescription
{
    private const string Scheme = "api_key";

    public static void Configure(OpenApiOptions options)
    {
        options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<Microsoft.AspNetCore.Http.Metadata.ITagsMetadata>().Any(tags => tags.Tags.Contains(ApiRoutes.Tag));
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Grantkeeper",
                Version = "v1",
                Description = "Connects a product's users to their accounts at OAuth providers, keeps the grants alive and hands fresh access tokens to the product's back end.",
            };
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key of this deployment, gk_live_… or gk_dev_…, or a token of the identity provider that its users sign in at" },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            ApiExamples.Add(operation, context.Description.HttpMethod!, "/" + context.Description.RelativePath);
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredPermission>().FirstOrDefault() is not { } required)
                return Task.CompletedTask;
            operation.Description = $"Asks for the permission {required.Permission}.";
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            return Task.CompletedTask;
        });
    }
}
